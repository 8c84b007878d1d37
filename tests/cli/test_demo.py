from __future__ import annotations

import gzip
import os
import signal
import subprocess
from pathlib import Path

import pytest

from caffewatch.cli.main import main
from tests.cli.command import command, run
from tests.logs import CaffeLog
from tests.patience import PATIENCE


def bad() -> bytes:
    """Write a log that is nan from the start."""
    log = CaffeLog.started()
    log.display(0, {"data": "nan"})
    return log.data


class TestPlayed:
    def test_the_bundled_log_ends_in_a_nan(self) -> None:
        """The alert arrives before it ends, with the addresses shown and nothing else."""
        ended = run("demo", "--exit-on-end", "--seconds", "0.2")

        shown = ended.stdout.decode()
        assert (ended.returncode, ended.stderr) == (0, b"")
        assert "Page:     http://127.0.0.1:" in shown
        assert "Metrics:  http://127.0.0.1:" in shown
        assert "ALERT firing critical  nan or inf in layer score" in shown

    def test_a_compressed_log_of_ones_own(self, tmp_path: Path) -> None:
        """It is played, since nothing can grow in it."""
        log = tmp_path / "own.log.gz"
        log.write_bytes(gzip.compress(bad()))

        ended = run("demo", "--exit-on-end", "--seconds", "0", log)

        assert (ended.returncode, ended.stderr) == (0, b"")
        assert "nan or inf in layer data" in ended.stdout.decode()


class TestFollowed:
    def test_a_log_of_ones_own(self, tmp_path: Path) -> None:
        """It is followed where it lies, until Ctrl-C, which is a good end."""
        log = tmp_path / "own.log"
        log.write_bytes(bad())
        with subprocess.Popen(
            command("demo", log), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        ) as process:  # fmt: skip
            assert process.stdout is not None
            assert process.stderr is not None
            for line in process.stdout:
                if b"ALERT" in line:
                    break
            process.send_signal(signal.SIGINT)
            process.stdout.read()

            assert process.wait(PATIENCE) == 0
            assert process.stderr.read() == b""


class TestRefused:
    @pytest.mark.parametrize(
        ("name", "content", "reason"),
        [
            ("gone.log", None, "no such file"),
            ("cut.log.gz", gzip.compress(b"x" * 9)[:-9], "ended before"),
        ],
        ids=["missing", "cut off"],
    )
    def test_a_log_that_cannot_be_read(
        self, name: str, content: bytes | None, reason: str, tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        """Is named, with the reason, before anything begins."""
        if content is not None:
            (tmp_path / name).write_bytes(content)

        code = main(["demo", str(tmp_path / name)])

        shown = capsys.readouterr()
        assert (code, shown.out) == (2, "")
        assert f"{tmp_path / name}: " in shown.err
        assert reason in shown.err

    @pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "soon"])
    def test_a_time_that_is_none(self, seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
        """Is bad usage."""
        with pytest.raises(SystemExit) as end:
            main(["demo", f"--seconds={seconds}"])

        assert end.value.code == 2
        assert seconds in capsys.readouterr().err
