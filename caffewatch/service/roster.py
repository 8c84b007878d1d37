"""Which logs are followed: every job's path, looked through again and again."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from functools import partial

from caffewatch.alert.model import Origin
from caffewatch.config.settings import Job, Settings
from caffewatch.service.followed import FollowedLog
from caffewatch.store.store import Store
from caffewatch.tail.discovery import discover
from caffewatch.tail.follower import LogFollower
from caffewatch.tail.position import Position
from caffewatch.tail.wakeups import Wakeups

_log = logging.getLogger(__name__)


class Roster:
    """Find logs and make their followers.

    A log that matched once is followed on, even while it is missing: it may come back.
    """

    def __init__(self, settings: Settings, store: Store, wakeups: Wakeups | None) -> None:
        self._settings = settings
        self._store = store
        self._wakeups = wakeups
        self._logs: dict[tuple[str, str], FollowedLog] = {}
        self._known = {alert.fingerprint: alert.starts_at for alert in store.firing()}

    def __iter__(self) -> Iterator[FollowedLog]:
        return iter(self._logs.values())

    def at(self, path: str) -> list[FollowedLog]:
        """Return the logs that a file event is about; two jobs may share one."""
        return [log for (_, name), log in self._logs.items() if name == path]

    def absent(self) -> list[Job]:
        """Return the jobs of which no log is there."""
        there = {job for job, path in self._logs if os.path.exists(path)}
        return [job for job in self._settings.jobs if job.name not in there]

    def discover(self) -> list[FollowedLog]:
        """Look every job's path through; return the logs that are new."""
        new = []
        self._watch_links()
        for job in self._settings.jobs:
            self._watch_folder(job.path)
            for path in discover(job.path, partial(self._is_known, job)):
                if (job.name, path) not in self._logs:
                    new.append(self._follow(job, path))
        return new

    def close(self) -> None:
        """Close every file."""
        for log in self._logs.values():
            log.follower.close()

    def _is_known(self, job: Job, path: str) -> bool:
        """Tell whether a file is a rotation of another log of the job."""
        if (job.name, path) in self._logs:
            return False
        return any(x.follower.knows(path) for x in self._of(job))

    def _of(self, job: Job) -> Iterable[FollowedLog]:
        return (log for (name, _), log in self._logs.items() if name == job.name)

    def _follow(self, job: Job, path: str) -> FollowedLog:
        saved = self._saved(job, path)
        follower = LogFollower(
            path,
            saved,
            start_at=job.start_at,
            rewind=True,
            is_foreign=lambda other: other != path and (job.name, other) in self._logs,
        )
        zone: tzinfo | None = self._settings.timezone
        origin = Origin(self._settings.host, job.name, path, job.labels)
        log = FollowedLog(
            job, follower, origin, self._known, zone, self._settings.ignore_older, saved is None
        )
        self._logs[log.key] = log
        if self._wakeups is not None:
            self._wakeups.follow(path)
        _log.info("following %s (job %s)", path, job.name)
        return log

    def _saved(self, job: Job, path: str) -> Position | None:
        text = self._store.position(job.name, path)
        if text is None:
            return None
        try:
            return Position.from_json(text)
        except ValueError as error:
            _log.warning("%s: read position lost, starting anew: %s", path, error)
            return None

    def _watch_links(self) -> None:
        """Let events find the files to which links lead by now."""
        for _, path in self._logs:
            if self._wakeups is not None and os.path.islink(path):
                self._wakeups.follow(path)

    def _watch_folder(self, path: str) -> None:
        if self._wakeups is not None:
            self._wakeups.watch(path if os.path.isdir(path) else os.path.dirname(path))
