from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from caffewatch.cli.main import main
from tests.cli.command import command, run, unread
from tests.logs import CaffeLog
from tests.patience import PATIENCE

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Write a healthy log."""
    log = CaffeLog.started()
    log.displays(range(0, 100, 10))
    path = tmp_path / "good.log"
    path.write_bytes(log.data)
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """Write a log that turns nan at iteration 50."""
    log = CaffeLog.started()
    log.displays(range(0, 50, 10))
    log.display(50, {"data": "nan"})
    path = tmp_path / "bad.log"
    path.write_bytes(log.data)
    return path


def as_json(capsys: Capture, *arguments: str | Path) -> Any:
    """Run a check and return its JSON, in which nothing may be nan."""
    main(["check", "--format", "json", *map(str, arguments)])
    return json.loads(capsys.readouterr().out, parse_constant=pytest.fail)


class TestVerdict:
    def test_nothing_loud(self, good: Path, capsys: Capture) -> None:
        """Ends with 0, and says so."""
        assert main(["check", str(good)]) == 0
        shown = capsys.readouterr()
        assert f"{good}: healthy\n" in shown.out
        assert shown.err == ""

    def test_something_loud(self, bad: Path, capsys: Capture) -> None:
        """Ends with 1, and names rule, place and advice."""
        assert main(["check", str(bad)]) == 1
        shown = capsys.readouterr().out
        assert "critical: non_finite" in shown
        assert "At iteration 50 the output of layer data is nan" in shown

    def test_several_logs(self, good: Path, bad: Path, capsys: Capture) -> None:
        """One object each, in the order given; one loud log is enough for 1."""
        assert main(["check", "--format", "json", str(bad), str(good)]) == 1
        reports = json.loads(capsys.readouterr().out)
        assert [x["log"] for x in reports] == [str(bad), str(good)]
        assert [len(x["runs"][0]["findings"]) for x in reports] == [1, 0]

    def test_json_has_no_nan(self, bad: Path, capsys: Capture) -> None:
        """What is not finite is a string, so that every parser reads it."""
        (report,) = as_json(capsys, bad)

        (finding,) = report["runs"][0]["findings"]
        assert finding["value"] == "nan"
        assert finding["evidence"][-1] == [50, "nan"]

    def test_the_same_bytes_give_the_same_report(self, bad: Path, capsys: Capture) -> None:
        """`check` knows no wall clock: not the file's age within its year either."""
        first = as_json(capsys, bad)
        moment = time.time() - 3600
        os.utime(bad, (moment, moment))

        assert as_json(capsys, bad) == first


class TestInputs:
    def test_a_folder_and_a_glob(
        self, good: Path, bad: Path, tmp_path: Path, capsys: Capture
    ) -> None:
        """Both give the same logs."""
        names = [x["log"] for x in as_json(capsys, tmp_path)]

        assert names == [str(bad), str(good)]
        assert [x["log"] for x in as_json(capsys, tmp_path / "*.log")] == names

    @pytest.mark.parametrize(
        ("ending", "compress"),
        [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)],
    )
    def test_compressed(
        self, ending: str, compress: Callable[[bytes], bytes], bad: Path, capsys: Capture
    ) -> None:
        """The report is that of the log itself."""
        packed = bad.with_suffix(f".log.{ending}")
        packed.write_bytes(compress(bad.read_bytes()))

        (report,) = as_json(capsys, packed)

        assert report["runs"] == as_json(capsys, bad)[0]["runs"]

    def test_standard_input(
        self, bad: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """``-`` is its name in the report."""
        stdin = SimpleNamespace(buffer=io.BytesIO(bad.read_bytes()))
        monkeypatch.setattr("sys.stdin", stdin)

        (report,) = as_json(capsys, "-")

        assert report["log"] == "-"
        assert report["runs"][0]["findings"][0]["rule"] == "non_finite"

    def test_an_archive_that_is_cut_off(self, bad: Path, tmp_path: Path, capsys: Capture) -> None:
        """What could be read is judged; that it is not all is told, by the exit status too."""
        packed = tmp_path / "cut.log.gz"
        packed.write_bytes(gzip.compress(bad.read_bytes())[:-9])

        code = main(["check", str(packed)])

        shown = capsys.readouterr()
        assert code == 2
        assert "non_finite" in shown.out
        assert shown.err == (
            f"caffewatch check: {packed}: cut off: the gzip archive ended before its end marker; "
            "judged by what stands before\n"
        )

    def test_an_ending_that_lies(self, good: Path, tmp_path: Path, capsys: Capture) -> None:
        """The log is judged, and the ending told."""
        path = tmp_path / "plain.log.xz"
        path.write_bytes(good.read_bytes())

        code = main(["check", str(path)])

        assert (code, "in spite of its name" in capsys.readouterr().err) == (0, True)

    @pytest.mark.parametrize(
        ("name", "content", "reason"),
        [
            ("gone.log", None, "No such file"),
            ("cut.log.gz", gzip.compress(b"x" * 9)[:-9], "ended before"),
            ("bad.log.gz", gzip.compress(b"x")[:10] + b"\xff" * 50, "invalid block type"),
            ("cut.log.xz", lzma.compress(b"x" * 9)[:-9], "ended before"),
            ("bad.log.bz2", b"BZh9plain text", "Invalid data stream"),
            ("x" * 300, None, "name too long"),
            ("*.nothing", None, "No such file"),
        ],
        ids=[
            "missing",
            "cut gz",
            "damaged gz",
            "cut xz",
            "damaged bz2",
            "long name",
            "empty glob",
        ],
    )
    def test_what_cannot_be_read(
        self, name: str, content: bytes | None, reason: str, tmp_path: Path, good: Path,
        capsys: Capture,
    ) -> None:  # fmt: skip
        """Ends with 2 and says why, and the other logs are judged all the same."""
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)

        code = main(["check", str(path), str(good)])

        shown = capsys.readouterr()
        assert code == 2
        assert f"caffewatch check: {path}: " in shown.err
        assert reason in shown.err
        assert shown.err.count("\n") == 1
        assert f"{good}: healthy" in shown.out

    def test_a_folder_without_logs(self, tmp_path: Path, capsys: Capture) -> None:
        """Is a mistake, not good health."""
        assert main(["check", str(tmp_path)]) == 2
        assert f"{tmp_path}: no training logs in" in capsys.readouterr().err

    def test_an_empty_log(self, tmp_path: Path, capsys: Capture) -> None:
        """Is no training, and nothing loud."""
        (tmp_path / "empty.log").touch()

        assert main(["check", str(tmp_path / "empty.log")]) == 0
        assert "no Caffe training log" in capsys.readouterr().out


class TestOutput:
    def test_to_a_file(self, bad: Path, tmp_path: Path, capsys: Capture) -> None:
        """The report is there, and nothing else."""
        target = tmp_path / "out" / "report.json"
        target.parent.mkdir()

        assert main(["check", "--format", "json", "-o", str(target), str(bad)]) == 1

        assert capsys.readouterr() == ("", "")
        assert json.loads(target.read_text())[0]["log"] == str(bad)
        assert list(target.parent.iterdir()) == [target]

    def test_a_page(self, bad: Path, tmp_path: Path, capsys: Capture) -> None:
        """HTML goes where the other formats go, with the same exit status."""
        target = tmp_path / "report.html"

        assert main(["check", "--format", "html", "-o", str(target), str(bad)]) == 1
        assert main(["check", "--format", "html", str(bad)]) == 1

        shown = capsys.readouterr()
        assert shown.out == target.read_text()
        assert shown.out.startswith("<!DOCTYPE html>")
        assert shown.err == ""

    @pytest.mark.parametrize("target", ["nowhere/report", ""])
    def test_a_file_that_cannot_be_made(
        self, target: str, good: Path, tmp_path: Path, capsys: Capture
    ) -> None:
        """Ends with 2 and names it: a folder that is missing, or that is one."""
        assert main(["check", "-o", str(tmp_path / target), str(good)]) == 2
        assert f"-o {tmp_path / target}: " in capsys.readouterr().err

    def test_a_device_is_not_replaced(self, good: Path) -> None:
        """``-o /dev/null`` writes to it."""
        assert main(["check", "-o", "/dev/null", str(good)]) == 0
        assert Path("/dev/null").is_char_device()

    def test_a_full_disk(self, good: Path, tmp_path: Path, capsys: Capture) -> None:
        """Ends with 2 and says so."""
        assert main(["check", "-o", "/dev/full", str(good)]) == 2
        assert "-o /dev/full: No space left" in capsys.readouterr().err

    def test_hostile_text_is_harmless(self, bad: Path, capsys: Capture) -> None:
        """Escapes, markup and control characters of a log do not reach the terminal."""
        text = bad.read_bytes().replace(b'"mlp"', b'"\x1b[31m[bold]\x07evil\xff"')
        bad.write_bytes(text.replace(b"data", b"da\x1b]0;ta"))

        main(["check", str(bad)])

        shown = capsys.readouterr().out
        assert "[bold]" in shown
        assert not {"\x1b", "\x07"} & set(shown)


class TestProcess:
    def test_a_reader_that_stops(self, bad: Path) -> None:
        """A closed pipe is no error, and shows none."""
        with subprocess.Popen(
            command("check", *[bad] * 3), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            errors = process.stderr.read()

            assert process.wait(PATIENCE) == 0
        assert errors == b""

    def test_interrupted(self, tmp_path: Path) -> None:
        """Ctrl-C ends it at once, without a traceback."""
        pipe = tmp_path / "endless.log"
        os.mkfifo(pipe)
        with subprocess.Popen(command("check", pipe), stderr=subprocess.PIPE) as process:
            with pipe.open("wb") as writer:  # opens once the command reads
                writer.write(b"line\n")
                writer.flush()
                process.send_signal(signal.SIGINT)
                assert process.wait(PATIENCE) == 130
            assert process.stderr is not None
            assert process.stderr.read() == b""

    @pytest.mark.parametrize("format", ["text", "json", "html"])
    def test_interrupted_half_way(
        self, format: str, bad: Path, tmp_path: Path, eventually: Callable[..., None]
    ) -> None:
        """Tells what it has so far, marked as such; the logs behind are left."""
        pipe = tmp_path / "endless.log"
        os.mkfifo(pipe)
        process = subprocess.Popen(
            command("check", "--format", format, pipe, bad), stdout=subprocess.PIPE
        )
        with process, pipe.open("wb", buffering=0) as writer:
            writer.write(bad.read_bytes())
            # What has been read is judged, too, once it sleeps for want of more.
            state = Path(f"/proc/{process.pid}/status")
            eventually(lambda: unread(writer) == 0 and "State:\tS" in state.read_text())
            process.send_signal(signal.SIGINT)
            shown, _ = process.communicate(timeout=PATIENCE)

        assert process.returncode == 130
        assert b"non_finite" in shown
        if format == "json":
            (report,) = json.loads(shown)
            assert (report["log"], report["interrupted"]) == (str(pipe), True)
        elif format == "html":
            assert b"Interrupted: this is what had been read by then" in shown
        else:
            assert shown.startswith(b"interrupted after %d bytes" % bad.stat().st_size)

    def test_a_narrow_terminal(self, bad: Path) -> None:
        """What it cannot show is a question mark, not an exception."""
        ended = run("check", bad, PYTHONIOENCODING="ascii")

        assert ended.returncode == 1
        assert ended.stderr == b""

    @pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
    def test_colours_on_a_terminal(self, no_color: str, coloured: bool, bad: Path) -> None:
        """Unless NO_COLOR is set; never into a pipe or file."""
        ours, theirs = pty.openpty()
        environment = {**os.environ, "NO_COLOR": no_color, "TERM": "xterm-256color"}
        process = subprocess.Popen(command("check", bad), stdout=theirs, env=environment)
        process.wait(PATIENCE)
        os.close(theirs)
        shown = os.read(ours, 1 << 16)
        os.close(ours)

        assert (b"\x1b[1;31m" in shown) is coloured
        assert b"\x1b" not in run("check", bad).stdout

    def test_colours_that_are_asked_for(self, bad: Path) -> None:
        """Into a pipe too, with the same words; an empty variable asks for nothing."""
        os.utime(bad, (0, 0))  # how long ago that is must not change meanwhile
        usual = run("check", bad).stdout
        coloured = run("check", bad, FORCE_COLOR="1", TERM="xterm-256color").stdout

        assert b"\x1b[1;31m" in coloured
        assert re.sub(rb"\x1b\[[\d;]*m", b"", coloured) == usual
        assert run("check", bad, FORCE_COLOR="").stdout == usual
