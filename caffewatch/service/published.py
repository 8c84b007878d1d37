"""What other threads may see: frozen pictures, exchanged whole."""

from __future__ import annotations

import threading
from itertools import islice
from typing import NamedTuple

from caffewatch.export.stats import JobStats, LogStats
from caffewatch.service.followed import FollowedLog
from caffewatch.snapshot import Snapshot

SNAPSHOTS_AT_ONCE = 64
"""Snapshots taken in one publication: a thousand busy logs are not drawn five times a second."""


class Picture(NamedTuple):
    """One log's snapshot (None before its first byte), figures, and when it last said something.

    ``last_active`` is when it was written or first read, whichever is later (None: it never was);
    ``active_at`` is the same by the loop's steady time.
    """

    snapshot: Snapshot | None
    stats: LogStats
    last_active: float | None
    active_at: float


class Published:
    """The last picture of every log.

    The thread that owns the logs notes those that changed and publishes them; any thread reads.

    Attributes
    ----------
    jobs
        The jobs as they stand; exchanged whole.
    """

    def __init__(self, blobs: bool) -> None:
        self.jobs: tuple[JobStats, ...] = ()
        self._blobs = blobs
        self._lock = threading.Lock()
        self._pictures: dict[tuple[str, str], Picture] = {}
        self._changed: dict[tuple[str, str], FollowedLog] = {}
        self._undrawn: dict[tuple[str, str], FollowedLog] = {}

    @property
    def is_due(self) -> bool:
        """Whether something has changed that was not published as yet."""
        return bool(self._undrawn)

    def note(self, log: FollowedLog, urgent: bool = False) -> None:
        """Say that a log has changed; what is urgent is drawn before all others."""
        self._changed[log.key] = log
        if urgent:
            self._undrawn = {log.key: log} | self._undrawn
        else:
            self._undrawn[log.key] = log

    def forget(self, log: FollowedLog) -> None:
        """Show a log no more."""
        for noted in (self._changed, self._undrawn):
            noted.pop(log.key, None)
        with self._lock:
            self._pictures = {k: x for k, x in self._pictures.items() if k != log.key}

    def publish(self) -> None:
        """Take the figures of all logs that changed, and snapshots of the first of them."""
        drawn = dict(islice(self._undrawn.items(), SNAPSHOTS_AT_ONCE))
        taken = {}
        for key, log in (self._changed | drawn).items():
            snapshot = log.snapshot(self._blobs) if key in drawn else self._old_snapshot(key)
            taken[key] = Picture(snapshot, log.stats(), _last_active(log), log.active_at)
        self._undrawn = {key: x for key, x in self._undrawn.items() if key not in drawn}
        self._changed = {}
        with self._lock:
            self._pictures = self._pictures | taken

    def pictures(self) -> list[Picture]:
        """Return all pictures; from any thread."""
        with self._lock:
            return list(self._pictures.values())

    def snapshots(self) -> list[Snapshot]:
        """Return the snapshots of all logs that have said anything."""
        return [x.snapshot for x in self.pictures() if x.snapshot is not None]

    def snapshot(self, job: str, log: str) -> Snapshot | None:
        """Return the snapshot of one log, None before its first byte."""
        with self._lock:
            return self._old_snapshot((job, log))

    def _old_snapshot(self, key: tuple[str, str]) -> Snapshot | None:
        picture = self._pictures.get(key)
        return None if picture is None else picture.snapshot


def _last_active(log: FollowedLog) -> float | None:
    return None if log.last_written is None else max(log.last_written, log.last_active)
