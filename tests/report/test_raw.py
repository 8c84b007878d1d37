from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from caffewatch.report.raw import RawFile
from tests.patience import PATIENCE


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Make a pipe; return the ends to read and to write."""
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


class TestRawFile:
    def test_a_file(self, tmp_path: Path) -> None:
        """In pieces of the size that was asked for."""
        (tmp_path / "a.log").write_bytes(b"one two")

        with RawFile(str(tmp_path / "a.log")) as file:
            assert [file.read(4) for _ in range(3)] == [b"one ", b"two", b""]

    def test_a_pipe(self, pipe: tuple[int, int]) -> None:
        """What is there is not held back until there is as much as was asked for."""
        os.write(pipe[1], b"one")

        assert RawFile(pipe[0]).read(1000) == b"one"

    def test_a_pipe_that_is_closed(self) -> None:
        """It is at its end."""
        reader, writer = os.pipe()
        os.close(writer)

        assert RawFile(reader).read(1000) == b""
        os.close(reader)

    def test_a_signal_that_ends_no_read(self, pipe: tuple[int, int]) -> None:
        """Like one that came right before: Python has noted it, the system's call goes on."""
        handler = signal.signal(signal.SIGUSR1, signalled)
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        rescued = threading.Event()

        def end() -> None:
            rescued.set()
            os.write(pipe[1], b"x")

        rescue, other = threading.Timer(PATIENCE, end), threading.Timer(0.3, take_signal)

        def read() -> None:
            rescue.start()
            other.start()
            RawFile(pipe[0]).read(1000)

        try:
            with pytest.raises(SignalledError):
                read()
        finally:
            rescue.cancel()
            other.join()
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            signal.signal(signal.SIGUSR1, handler)
        assert not rescued.is_set()


class SignalledError(Exception):
    """A signal has come."""


def signalled(*_: object) -> None:
    """Tell of a signal as Python tells of Ctrl-C."""
    raise SignalledError


def take_signal() -> None:
    """Have this very thread take a signal."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
