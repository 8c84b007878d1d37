"""A progress bar on standard error, where that is a terminal and the logs are large."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from caffewatch.report.archive import LogFile

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

LARGE = 50 * 1024 * 1024
"""Bytes of logs from which a bar is worth showing."""


class Progress:
    """Show how much of all logs has been read, as it stands on disk.

    Compressed logs count by their compressed bytes; standard input has no length and no bar.
    """

    def __init__(self, names: list[str]) -> None:
        total = sum(map(_size, names))
        self._bar: Bar | None = None
        if sys.stderr.isatty() and total >= LARGE:
            from caffewatch.cli import terminal  # noqa: PLC0415 - most checks show no bar

            self._bar = terminal.bar()
            self._task = self._bar.add_task("", total=total)
        self._stream: LogFile | None = None
        self._before = 0
        self._at = 0

    def advance(self, stream: LogFile) -> None:
        """Say that more of a log has been read."""
        if self._bar is None:
            return
        raw = stream.fileobj
        if not raw.seekable():
            return
        if stream is not self._stream:
            self._before += self._at
            self._stream = stream
        self._at = raw.tell()
        self._bar.start()  # it may have been taken away
        self._bar.update(self._task, completed=self._before + self._at)

    def pause(self) -> None:
        """Take the bar away: a report is to be printed."""
        if self._bar is not None:
            self._bar.stop()

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.pause()


def _size(name: str) -> int:
    try:
        return os.stat(name).st_size
    except OSError:
        return 0
