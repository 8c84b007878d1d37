"""A log that comes through a pipe, such as standard input."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

from caffewatch.detect.silence import Silence
from caffewatch.log.localtime import as_if_utc
from caffewatch.monitor import Monitor
from caffewatch.service.following import Judge, Seen

_SIZE = 1 << 16


class Piped:
    """Read what a pipe holds, without waiting for more.

    Attributes
    ----------
    over
        Whether the writer has closed it.
    more
        Whether there may be more to be read at once.
    """

    problem: str | None = None
    unreadable = False

    def __init__(self, descriptor: int, now: float) -> None:
        self.monitor: Monitor = Monitor(reference=as_if_utc(now), keep=3)
        self.over = False
        self.more = False
        self._descriptor = descriptor
        self._judge = Judge()
        self._last = now

    def look(self, now: float, steady: float | None = None) -> Iterator[Seen]:
        """Take in what is there; yield events and findings."""
        steady = now if steady is None else steady
        self.more = not self.over and bool(select.select([self._descriptor], [], [], 0)[0])
        if self.more:
            self._last = steady
            data = os.read(self._descriptor, _SIZE)
            self.over, self.more = not data, bool(data)
            parser = self.monitor.parser
            events = parser.close() if self.over else self.monitor.read(data, now)
            yield from self._judge.take(self.monitor, events, now)
        elif not self.over:
            yield from self._judge.tick(self.monitor, Silence(steady - self._last), now)

    def close(self) -> None:
        """Leave the pipe to whoever opened it."""
