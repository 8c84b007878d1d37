"""For how long a log has said nothing."""

from __future__ import annotations

from contextlib import suppress
from math import inf

from caffewatch.detect.silence import Silence
from caffewatch.service.witness import Witness
from caffewatch.tail.reader import status


class Stillness:
    """Measure a log's silence by a time that no step of the clock moves.

    Parameters
    ----------
    old_after
        Seconds of silence after which a log that is first seen is an old one.

    Attributes
    ----------
    last_written
        Time of day at which the log was last written to; None before it was seen.
    since
        The same by the steady time.
    is_old
        The log was old when it was first seen, and nothing has come since.
    """

    def __init__(self, path: str, old_after: float = inf) -> None:
        self.last_written: float | None = None
        self.since = 0.0
        self.is_old = False
        self._path = path
        self._old_after = old_after
        self._witness = Witness()

    def first_sight(self, now: float, steady: float) -> None:
        """Take over from the file what was before this process, once it is there."""
        if self.last_written is None:
            with suppress(OSError):
                self.last_written = status(self._path).st_mtime
                silent = max(0.0, now - self.last_written)
                self.since, self.is_old = steady - silent, silent > self._old_after

    def written(self, now: float, steady: float) -> None:
        """Note that something came just now."""
        self.last_written, self.since, self.is_old = now, steady, False

    def silence(self, pid: str, steady: float, told: bool = False) -> Silence:
        """Return what is known of a silence that goes on.

        Parameters
        ----------
        pid
            The process that wrote the log, by its lines.
        told
            An earlier process has told of it.
        """
        return Silence(steady - self.since, self._witness.gone(pid, steady), told=told)
