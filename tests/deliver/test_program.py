from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from caffewatch.deliver.program import OUTPUT_LIMIT, Ended, run
from tests.patience import PATIENCE


def python(code: str, given: bytes = b"", seconds: float = PATIENCE) -> Ended:
    """Run a few lines of Python."""
    return run([sys.executable, "-c", code], given, seconds, {})


def is_gone(pid: int) -> bool:
    """Tell whether a process is no more, or at least dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


class TestRun:
    def test_input_and_output(self) -> None:
        """It reads what it is given; both its outputs are kept."""
        ended = python("import os; os.write(2, b'err ' + os.read(0, 99)); print('out')", b"given")

        assert ended == Ended(0, b"err givenout\n")

    @pytest.mark.parametrize("size", [0, 10_000_000])
    def test_a_program_that_does_not_read(self, size: int) -> None:
        """However much it is given."""
        assert python("raise SystemExit(3)", b"x" * size) == Ended(3, b"")

    def test_only_the_end_of_much_output_is_kept(self) -> None:
        """The rest is read too, so that the program can go on."""
        ended = python("print('x' * 10_000_000 + 'the reason')")

        assert ended.code == 0
        assert len(ended.output) == OUTPUT_LIMIT
        assert ended.output.endswith(b"xthe reason\n")

    def test_a_signal(self) -> None:
        """Its number, negative."""
        assert python("import os; os.kill(os.getpid(), 15)").code == -15

    def test_closed_outputs(self) -> None:
        """A program that closes its outputs is waited for all the same."""
        code = "import os, time; os.close(1); os.close(2); time.sleep(0.2); os._exit(7)"

        assert python(code) == Ended(7, b"")

    def test_no_such_program(self) -> None:
        """It is an error of the system."""
        with pytest.raises(FileNotFoundError):
            run(["/no/such/program"], b"", PATIENCE, {})

    def test_it_runs_apart(self) -> None:
        """In a session, a folder and an environment of its own, and without our files."""
        code = (
            "import os; print(os.getsid(0) == os.getpid(), os.getcwd(), dict(os.environ).keys() "
            "- {'LC_CTYPE'}, len(os.listdir('/proc/self/fd')) - 1)"
        )

        assert python(code).output == b"True / set() 3\n"


class TestLimits:
    @pytest.mark.parametrize(
        "code",
        [
            "import time\nwhile True: time.sleep(60)",
            "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nwhile True: time.sleep(60)",
            "while True: print('x' * 1000)",
        ],
        ids=["silent", "deaf", "talkative"],
    )
    def test_time(self, code: str) -> None:
        """When its time is over it is killed, whatever it does."""
        assert python(code, seconds=0.3).code is None

    @pytest.mark.parametrize("goes_on", [True, False])
    def test_its_children_go_with_it(
        self, goes_on: bool, tmp_path: Path, eventually: Callable[..., None]
    ) -> None:
        """At the time limit, and when it ends by itself with one left that holds its output."""
        file = tmp_path / "pid"
        code = (
            "import os, subprocess, time\n"
            "child = subprocess.Popen(['sleep', '600'])\n"
            f"open({str(file)!r}, 'w').write(str(child.pid))\n"
            f"time.sleep(600 * {goes_on})\n"
        )
        began = time.monotonic()

        ended = python(code, seconds=10.0 if goes_on else PATIENCE)

        assert ended.code == (None if goes_on else 0)
        assert time.monotonic() - began < PATIENCE
        eventually(lambda: is_gone(int(file.read_text())))

    def test_no_zombie_is_left(self) -> None:
        """Every program is waited for."""
        pid = int(python("import os; print(os.getpid())").output)

        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
