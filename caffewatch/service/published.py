"""What other threads may see: frozen pictures, exchanged whole."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import NamedTuple

from caffewatch.export.stats import LogStats
from caffewatch.service.followed import FollowedLog
from caffewatch.snapshot import Snapshot


class Picture(NamedTuple):
    """One log's snapshot (None before its first byte), figures, and when it was last written."""

    snapshot: Snapshot | None
    stats: LogStats
    last_written: float | None


class Published:
    """The last picture of every log."""

    def __init__(self, blobs: bool) -> None:
        self._blobs = blobs
        self._lock = threading.Lock()
        self._pictures: dict[tuple[str, str], Picture] = {}

    def update(self, logs: Iterable[FollowedLog]) -> None:
        """Take new pictures; called by the thread that owns the logs."""
        taken = {
            log.key: Picture(log.snapshot(self._blobs), log.stats(), log.last_written)
            for log in logs
        }
        with self._lock:
            self._pictures = self._pictures | taken

    def pictures(self) -> list[Picture]:
        """Return all pictures; from any thread."""
        with self._lock:
            return list(self._pictures.values())

    def snapshots(self) -> list[Snapshot]:
        """Return the snapshots of all logs that have said anything."""
        return [x.snapshot for x in self.pictures() if x.snapshot is not None]
