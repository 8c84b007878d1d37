from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from caffewatch.cli.main import main
from tests.cli.command import checked, command, unread
from tests.logs import CaffeLog

Capture = pytest.CaptureFixture[str]


def write(path: Path, values: dict[str, float | str] | None = None) -> Path:
    """Write a log of five displays, the last ones with these values."""
    log = CaffeLog.started()
    log.displays(range(0, 50, 10))
    if values:
        log.display(50, values)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(log.data)
    os.utime(path, (0, 0))  # the text says how long ago: in days, which do not change meanwhile
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder of logs, some of them in a folder below, and of other files."""
    for number in range(6):
        write(tmp_path / f"host{number % 2}" / f"{number}.log", {"ip1": "nan"} if number else None)
    (tmp_path / "host0" / "net.prototxt").write_text('name: "net"\n')
    return tmp_path


class TestReports:
    @pytest.mark.parametrize("format", ["text", "json"])
    def test_same_as_one_after_the_other(self, format: str, folder: Path, capsys: Capture) -> None:
        """To the byte, in the same order."""
        alone = checked(capsys, "--format", format, folder)

        assert checked(capsys, "--format", format, "-j", 3, folder) == alone
        assert alone[0] == 1

    def test_every_processor(self, folder: Path, capsys: Capture) -> None:
        """Is what 0 means."""
        code, out, _ = checked(capsys, "-j", 0, "--format", "json", folder)

        assert (code, len(json.loads(out))) == (1, 6)

    def test_what_cannot_be_read(self, folder: Path, capsys: Capture) -> None:
        """Is told, and the others are judged."""
        code, out, err = checked(capsys, "-j", 2, folder / "gone.log", folder / "host0/0.log")

        assert (code, err.count("\n")) == (2, 1)
        assert err.startswith(f"caffewatch check: {folder}/gone.log: No such file")
        assert "0.log: healthy" in out

    def test_nothing_to_report(self, tmp_path: Path, capsys: Capture) -> None:
        """Is an empty list."""
        code, out, _ = checked(capsys, "-j", 2, "--format", "json", tmp_path / "gone.log")

        assert (code, json.loads(out)) == (2, [])


class TestSummary:
    def test_json(self, folder: Path, capsys: Capture) -> None:
        """Counts logs by verdict, findings by rule and by type of layer."""
        code, out, _ = checked(capsys, "--summary", "--format", "json", folder)

        counted: dict[str, Any] = json.loads(out)
        assert code == 1
        assert (counted["schema"], counted["logs"]) == (1, 6)
        assert counted["verdicts"]["critical"] == 5
        assert counted["rules"]["non_finite"]["logs"] == 5
        assert counted["layer_types"] == {"InnerProduct": 5}

    def test_text(self, folder: Path, capsys: Capture) -> None:
        """Is for people, and the same however many work on it."""
        alone = checked(capsys, "--summary", folder)

        assert alone[1].startswith("6 logs, ")
        assert checked(capsys, "--summary", "-j", 2, folder) == alone


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (["-j", "2", "-"], "standard input"),
            (["--format", "html", "--summary", "a.log"], "one log after the other"),
            (["-j", "2", "--dask", "tcp://127.0.0.1:1", "a.log"], "exclude each other"),
        ],
    )
    def test_bad_combinations(self, arguments: list[str], reason: str, capsys: Capture) -> None:
        """Say what is wrong."""
        code, out, err = checked(capsys, *arguments)

        assert (code, out, reason in err) == (2, "", True)

    def test_a_negative_number(self, capsys: Capture) -> None:
        """Is no number of jobs."""
        with pytest.raises(SystemExit) as ended:
            main(["check", "-j", "-1", "a.log"])

        assert ended.value.code == 2
        assert "-j" in capsys.readouterr().err


class TestInterruption:
    def test_half_way(self, tmp_path: Path, eventually: Callable[..., None]) -> None:
        """Tells what it has so far; a log that is being read is judged as far as it was."""
        first = write(tmp_path / "0.log")
        pipe = tmp_path / "1.log"
        os.mkfifo(pipe)
        process = subprocess.Popen(
            command("check", "-j", "2", "--format", "json", first, pipe),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        with process, pipe.open("wb", buffering=0) as writer:
            writer.write(first.read_bytes())
            eventually(lambda: unread(writer) == 0)
            os.killpg(process.pid, signal.SIGINT)

            def ended() -> bool:
                with suppress(BrokenPipeError):
                    writer.write(b"\n")  # it stops at the next piece
                return process.poll() is not None

            eventually(ended)
            out, err = process.communicate()

        assert (process.returncode, err) == (130, b"")
        report = json.loads(out)[-1]
        assert (report["log"], report["interrupted"]) == (str(pipe), True)
        assert report["runs"][0]["iterations"]["count"] == 5
