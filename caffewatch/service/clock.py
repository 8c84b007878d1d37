"""A time that no step of the clock moves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LONGEST = 60.0
"""Seconds that may pass between two readings: a process that is stopped lives through no more."""


class Steady:
    """Seconds that this process has lived through, beginning with the time of day.

    NTP and people set the time of day; a suspended machine wakes up at another one. Of none of that
    follows that a log has been silent, or that a writer has had time to end a line.

    Parameters
    ----------
    start
        The first reading.
    monotonic
        The system's steady clock, which is not believed where it goes back, or leaps.
    """

    def __init__(self, start: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = start
        self._monotonic = monotonic
        self._read = monotonic()
        self._lock = threading.Lock()

    def __call__(self) -> float:
        """Read it; from any thread."""
        with self._lock:
            before, self._read = self._read, self._monotonic()
            self._now += min(max(self._read - before, 0.0), LONGEST)
            return self._now
