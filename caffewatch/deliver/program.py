"""Runs a program within limits of time and output, and leaves nothing of it behind."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

OUTPUT_LIMIT = 4096
"""Bytes kept of what it prints: the last ones, for that is where the reason stands."""

_LOOK = 0.02
_PIECE = 65536


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: ``code`` is None where we ended it, negative by a signal."""

    code: int | None
    output: bytes


def run(
    command: Sequence[str],
    given: bytes,
    seconds: float,
    environ: Mapping[str, str],
    stopping: Callable[[], bool] = lambda: False,
) -> Ended:
    """Run a program in a process group of its own, without a shell.

    When it ends, its time is over, or ``stopping`` is true, the whole group is killed.

    Parameters
    ----------
    command
        The program and its arguments.
    given
        What it finds on its standard input.
    seconds
        How long it may take.
    environ
        Its environment.
    stopping
        Whether to wait no longer; asked all the time.

    Raises
    ------
    OSError
        It cannot be started.
    """
    deadline = time.monotonic() + seconds
    with _file_of(given) as standard_input:
        process = subprocess.Popen(
            command,
            stdin=standard_input,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environ,
            start_new_session=True,
        )
    assert process.stdout is not None
    with process.stdout as pipe:
        ended, output = _listen(process.pid, pipe, deadline, stopping)
        # Not yet reaped, so the group's number cannot be anybody else's.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    return Ended(code if ended else None, output)


def _file_of(data: bytes) -> IO[bytes]:
    """Make a file in memory: a pipe would block when the program does not read."""
    file = os.fdopen(os.memfd_create("payload"), "w+b")
    file.write(data)
    file.seek(0)
    return file


def _listen(
    pid: int, pipe: IO[bytes], deadline: float, stopping: Callable[[], bool]
) -> tuple[bool, bytes]:
    """Read what is printed until the program ends; say whether it did, and the last output."""
    kept = b""
    os.set_blocking(pipe.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            # Asked before the last read, which then has everything that it printed.
            ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
            left = 0.0 if stopping() else deadline - time.monotonic()
            if selector.get_map() and selector.select(0.0 if ended else min(_LOOK, max(left, 0.0))):
                piece = os.read(pipe.fileno(), _PIECE)
                kept = (kept + piece)[-OUTPUT_LIMIT:]
                if not piece:
                    selector.unregister(pipe)
                elif left > 0:
                    continue
            elif not (ended or selector.get_map()):
                time.sleep(min(_LOOK, max(left, 0.0)))
            if ended or left <= 0:
                return ended, kept
