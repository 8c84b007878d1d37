from __future__ import annotations

import os
import pty
import shlex
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import command, run
from tests.logs import CaffeLog
from tests.patience import PATIENCE


def ended(*, bad: bool) -> CaffeLog:
    """Write a log of two displays that is over."""
    log = CaffeLog.started()
    log.display(0)
    log.display(10, {"ip1": "nan"} if bad else None)
    log.done()
    return log


class TestPlain:
    @pytest.mark.parametrize(("bad", "code"), [(False, 0), (True, 1)])
    def test_standard_input(self, bad: bool, code: int) -> None:
        """A line for each display and finding; ends with the pipe, with check's status."""
        shown = run("watch", "-", stdin=ended(bad=bad).data)

        lines = shown.stdout.decode().splitlines()
        assert (shown.returncode, shown.stderr) == (code, b"")
        assert lines[0].startswith("-: iteration 0 of 1000, loss 2")
        assert sum("iteration 10 of 1000, loss 2" in line for line in lines) == 1
        assert any(line.startswith("-: critical non_finite: ") for line in lines) is bad

    def test_exit_on_end(self, tmp_path: Path) -> None:
        """Ends when all logs have."""
        logs = [tmp_path / "a.log", tmp_path / "b.log"]
        for log, bad in zip(logs, (True, False), strict=True):
            log.write_bytes(ended(bad=bad).data)

        shown = run("watch", "--exit-on-end", *logs)

        assert shown.returncode == 1
        assert b"a.log: critical non_finite" in shown.stdout
        assert b"b.log: iteration 10" in shown.stdout

    def test_what_cannot_be_read(self, tmp_path: Path) -> None:
        """Ends with 2 and says why, once the others have ended."""
        log = tmp_path / "a.log"
        log.write_bytes(ended(bad=True).data)

        shown = run("watch", "--exit-on-end", tmp_path / "folder/..", log)

        assert shown.returncode == 2
        assert shown.stderr.decode().splitlines() == [
            f"caffewatch watch: {tmp_path}/folder/..: not a regular file"
        ]
        assert b"a.log: critical non_finite" in shown.stdout


class TestTerminal:
    @pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
    def test_a_table_until_interrupted(self, no_color: str, coloured: bool, tmp_path: Path) -> None:
        """With the troubled layer; Ctrl-C ends it without a traceback, NO_COLOR is honoured."""
        log = tmp_path / "a.log"
        log.write_bytes(ended(bad=True).data)
        ours, theirs = pty.openpty()
        environment = {
            **os.environ, "NO_COLOR": no_color, "TERM": "xterm-256color", "COLUMNS": "160",
        }  # fmt: skip
        process = subprocess.Popen(
            command("watch", log), stdout=theirs, stderr=subprocess.PIPE, env=environment
        )
        with process:
            os.close(theirs)
            shown = b""
            while b"trouble first" not in shown or b"10/1000" not in shown:
                shown += os.read(ours, 1 << 16)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 130
            assert process.stderr is not None
            assert process.stderr.read() == b""
        os.close(ours)

        assert b"non_finite" in shown
        assert (b"\x1b[1;31m" in shown) is coloured

    def test_resizes(
        self, tmp_path: Path, program: Callable[[str, str], str], eventually: Callable[..., None]
    ) -> None:
        """They leave no piece of an old table, neither while it runs nor when it has ended."""
        log = tmp_path / "a.log"
        log.write_bytes(ended(bad=True).data)
        server = [program("tmux", "tmux"), "-S", str(tmp_path / "tmux"), "-f", os.devnull]

        def tmux(*arguments: str) -> str:
            done = subprocess.run([*server, *arguments], capture_output=True, text=True, check=True)
            return done.stdout

        def shown() -> str:
            return tmux("capture-pane", "-p", "-S", "-")

        def is_whole(width: int) -> bool:
            """Tell whether there is one table, as wide as the terminal."""
            tops = [line for line in shown().splitlines() if line.startswith("┏")]
            return [len(line) for line in tops] == [width]

        watch = (
            f"unset COLUMNS LINES; {shlex.join(command('watch', log))}; echo ended; read -r line"
        )
        tmux("new-session", "-d", "-x", "120", "-y", "30", watch)
        try:
            for width, height in ((120, 30), (70, 24), (140, 24), (60, 15)):
                tmux("resize-window", "-x", str(width), "-y", str(height))
                eventually(lambda width=width: is_whole(width))
            tmux("send-keys", "C-c")
            eventually(lambda: "ended" in shown())

            assert is_whole(60)
            joined = tmux("capture-pane", "-p", "-J", "-S", "-")
            assert joined.count("critical non_finite") == 1
        finally:
            tmux("kill-server")
