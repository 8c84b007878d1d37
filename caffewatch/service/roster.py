"""Which logs are followed: every job's path, looked through again and again."""

from __future__ import annotations

import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import tzinfo
from fnmatch import fnmatch
from functools import partial

from caffewatch.alert.model import Alert, Origin
from caffewatch.config.settings import Job, Settings, StartAt
from caffewatch.export.stats import JobStats
from caffewatch.log.start import ENOUGH, begins_run
from caffewatch.service import absence
from caffewatch.service.core import Core, CoreError, load
from caffewatch.service.followed import FollowedLog
from caffewatch.store.store import Store
from caffewatch.tail.discovery import discover
from caffewatch.tail.follower import LogFollower
from caffewatch.tail.position import Position
from caffewatch.tail.reader import OpenFile
from caffewatch.tail.siblings import glog_series, identities
from caffewatch.tail.wakeups import Wakeups

FORGET_AFTER = 24 * 3600.0
"""Seconds for which a log that a glob or folder brought may be missing before it is let go."""

_JOB_ITSELF = ""
"""In the place of a log: what is known of a job that has been looked through."""

_SEPARATOR = re.compile("[.-]")

_log = logging.getLogger(__name__)


class Roster:
    """Find logs and make their followers.

    A log that matched once is followed on while it is missing: it may come back.

    Attributes
    ----------
    absence
        What is told of jobs that have no readable log.
    seen_first
        Jobs that were looked through for the first time, to be saved with the logs' positions.
    """

    def __init__(self, settings: Settings, store: Store, wakeups: Wakeups | None) -> None:
        self._settings = settings
        self._store = store
        self._wakeups = wakeups
        self._logs: dict[tuple[str, str], FollowedLog] = {}
        self.seen_first: dict[tuple[str, str], str] = {}
        self._by_path: dict[str, list[FollowedLog]] = {}
        self._beginnings: dict[str, int] = {}
        self._recalled: dict[tuple[str, str], list[Alert]] = {}
        recalled = store.firing()
        for alert in recalled:
            if alert.rule != absence.RULE:
                key = alert.labels["training_job"], alert.labels["log"]
                self._recalled.setdefault(key, []).append(alert)
        self.absence = absence.Absence(settings, recalled)

    def __iter__(self) -> Iterator[FollowedLog]:
        return iter(self._logs.values())

    def __len__(self) -> int:
        return len(self._logs)

    def at(self, path: str) -> list[FollowedLog]:
        """Return the logs that a file event is about: at the path, or that it may be a rotation of.

        Two jobs may share one.
        """
        if found := self._by_path.get(path):
            return found
        folder, name = os.path.split(path)
        for separator in _SEPARATOR.finditer(name):
            found = self._by_path.get(os.path.join(folder, name[: separator.start()]))
            if found:
                return found
        return []

    def might_have(self, path: str) -> bool:
        """Tell whether a file may be a new log of one of the jobs."""
        folder = os.path.dirname(path)
        return any(folder == x.path or fnmatch(path, x.path) for x in self._settings.jobs)

    def absent(self) -> list[Job]:
        """Return the jobs of which no log is there."""
        there = {job for job, path in self._logs if os.path.lexists(path)}
        return [job for job in self._settings.jobs if job.name not in there]

    def judge_absence(self, now: float, steady: float) -> list[tuple[Job, list[Alert]]]:
        """Return what is to be told of jobs that have no readable log, or have one again."""
        edges = []
        for job in self._settings.jobs:
            logs = [log for (name, _), log in self._logs.items() if name == job.name]
            problem: str | None = f"nothing matches {job.path}"
            if logs:
                readable = any(x.condition == "readable" for x in logs)
                problem = None if readable else logs[0].error or f"{job.path}: no such file"
            edges.append((job, self.absence.judge(job, problem, now, steady)))
        return edges

    def jobs(self) -> tuple[JobStats, ...]:
        """Return how the jobs stand."""
        readable = Counter(name for (name, _), x in self._logs.items() if x.condition == "readable")
        return tuple(
            JobStats(job.name, job.path, readable[job.name], self.absence.alerts(job))
            for job in self._settings.jobs
        )

    def keys(self) -> list[tuple[str, str]]:
        """Return what the state is to remember: (job, log) of all logs, and the jobs."""
        return [*self._logs, *((job.name, _JOB_ITSELF) for job in self._settings.jobs)]

    def discover(self) -> list[FollowedLog]:
        """Look every job's path through; return the logs that are new."""
        new = []
        self._watch_links()
        for job in self._settings.jobs:
            self._watch_folder(job.path)
            known = {path for name, path in self._logs if name == job.name}
            found = [x for x in discover(job.path, known) if x not in known]
            # Only what was there at the very first start may be read from its end.
            is_first = self._is_unknown(job, _JOB_ITSELF)
            start_at = job.start_at if is_first else "beginning"
            for path in sorted(found, key=partial(self._is_unknown, job)):
                if not self._is_part_of_another(job, path):
                    new.append(self._follow(job, path, start_at))
            if is_first:
                self.seen_first[job.name, _JOB_ITSELF] = "seen"
        return new

    def renew(self, log: FollowedLog) -> FollowedLog:
        """Follow a log anew from what was saved, without its core: that has brought no luck."""
        log.follower.close()
        self._store.drop_core(*log.key)
        del self._logs[log.key]
        return self._follow(log.job, log.origin.log)

    def gone(self, steady: float) -> list[FollowedLog]:
        """Take out the logs that have been missing for long, save those that a job names.

        And those that are no logs: what a job names may turn out to be a folder once it is there.
        """
        named = {(job.name, job.path) for job in self._settings.jobs}
        gone = [x for x in self._logs.values() if x.missing_for(steady) >= FORGET_AFTER]
        gone = [x for x in gone if x.key not in named]
        unreadable = [x for x in self._logs.values() if x.condition == "unreadable"]
        folders = [x for x in unreadable if os.path.isdir(x.origin.log)]
        for log in folders:
            self._forget(log)
        for log in gone:
            self._forget(log)
            _log.info("%s has been missing for long: followed no more", log.origin.log)
        return [*gone, *folders]

    def _forget(self, log: FollowedLog) -> None:
        log.follower.close()
        del self._logs[log.key]
        for path, found in list(self._by_path.items()):
            self._by_path[path] = [x for x in found if x is not log]
        self._by_path = {path: found for path, found in self._by_path.items() if found}

    def close(self) -> None:
        """Close every file."""
        for log in self._logs.values():
            log.follower.close()

    def _is_unknown(self, job: Job, path: str) -> bool:
        """Rank logs: those that were followed before know which of the others are theirs."""
        return self._store.position(job.name, path) is None

    def _is_part_of_another(self, job: Job, path: str) -> bool:
        """Tell whether a file belongs to another log of the job: rotated away, or its successor.

        A successor that does not tell as yet, such as an empty one, is asked again.
        """
        others = [log for (name, _), log in self._logs.items() if name == job.name]
        for _, identity in identities([path]):
            if any(x.follower.knows(path, identity) for x in others):
                return True
        series = glog_series(path)
        same = [x for x in others if series and glog_series(x.follower.path) == series]
        begins = _begins_run(path) if same else True
        if begins is None and self._may_yet_tell(path):
            return True
        if begins is not False:
            return False
        log = same[-1]
        log.follower.move_to(path)
        self._by_path.setdefault(path, []).append(log)
        if self._wakeups is not None:
            self._wakeups.follow(path)
        return True

    def _may_yet_tell(self, path: str) -> bool:
        """Tell whether a file has just begun: nothing is in it, or more than at the last look."""
        try:
            size = os.stat(path).st_size
        except OSError:
            return False
        before, self._beginnings[path] = self._beginnings.get(path), size
        return size == 0 or size != before

    def _follow(self, job: Job, path: str, start_at: StartAt = "beginning") -> FollowedLog:
        origin = Origin(self._settings.host, job.name, path, job.labels)
        zone: tzinfo | None = self._settings.timezone
        purpose = repr((job.rules, origin, zone, job.events))
        saved = self._saved(job, path)
        follower = LogFollower(
            path,
            saved,
            start_at=start_at,
            rewind=True,
            is_foreign=lambda other: other != path and (job.name, other) in self._logs,
        )
        recalled = self._recalled.get((job.name, path), [])
        log = FollowedLog(
            job, follower, origin, recalled, zone, self._settings.ignore_older,
            is_new=saved is None or not saved.files, purpose=purpose,
            recall=partial(self._core, job, path, saved, purpose),
        )  # fmt: skip
        self._logs[log.key] = log
        self._by_path.setdefault(path, []).append(log)
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

    def _core(self, job: Job, path: str, saved: Position | None, purpose: str) -> Core | None:
        data = None if saved is None else self._store.core(job.name, path)
        if saved is None or data is None:
            return None
        try:
            core = load(data, purpose)
            for file in saved.files:
                if core.offsets.get(file.stream, 0) > file.known.offset:
                    raise CoreError("ahead of the read position")
        except CoreError as error:
            _log.info("%s: reading the run again, its saved state does not fit: %s", path, error)
            return None
        return core

    def _watch_links(self) -> None:
        """Let events find the files to which links lead by now."""
        for (_, path), log in self._logs.items():
            if not os.path.islink(path):
                continue
            target = os.path.realpath(path)
            if log not in self._by_path.setdefault(target, []):
                self._by_path[target].append(log)
            if self._wakeups is not None:
                self._wakeups.follow(path)

    def _watch_folder(self, path: str) -> None:
        if self._wakeups is not None:
            self._wakeups.watch(path if os.path.isdir(path) else os.path.dirname(path))


def _begins_run(path: str) -> bool | None:
    try:
        with OpenFile.open(path) as file:
            return begins_run(file.read(0, ENOUGH))
    except OSError:
        return None
