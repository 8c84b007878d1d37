"""One followed log: its files on one side, its monitors on the other."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from caffewatch.alert.model import Alert, Origin
from caffewatch.config.settings import Job
from caffewatch.detect.silence import Silence
from caffewatch.export.stats import LogStats
from caffewatch.log.localtime import as_if_utc
from caffewatch.log.start import begins_run
from caffewatch.monitor import Monitor
from caffewatch.service.witness import Witness
from caffewatch.snapshot import Snapshot
from caffewatch.tail.events import Chunk, Condition, Ended
from caffewatch.tail.follower import LogFollower

_RUNS_KEPT = 3


@dataclass(frozen=True, slots=True)
class Taken:
    """What one look brought: alerts that people are to be told of, and whether there is more."""

    alerts: list[Alert]
    changed: bool
    more: bool


class FollowedLog:
    """Feed what a follower reads to the monitor of the run that it belongs to.

    A file that begins in the midst of a run goes on with the monitor of the file before it; one
    that begins with a run's set-up gets its own, and late lines of the old file stay with the old.

    Parameters
    ----------
    known
        Alerts told by an earlier process: fingerprint -> when it began to fire.
    ignore_older
        A log that has been silent for longer (seconds) when it is first seen is read and shown,
        but nobody is told until it grows again.
    """

    def __init__(
        self,
        job: Job,
        follower: LogFollower,
        origin: Origin,
        known: Mapping[str, float],
        zone: tzinfo | None,
        ignore_older: float,
        is_new: bool,
    ) -> None:
        self.job = job
        self.follower = follower
        self.origin = origin
        self.condition: Condition = "missing"
        self.error: str | None = None
        self.quiet = False
        self.last_written: float | None = None
        self._known = known
        self._zone = zone
        self._ignore_older = ignore_older
        self._is_new = is_new
        self._caught_up = False
        self._monitors: dict[int, Monitor] = {}
        self._heads: dict[int, list[Chunk]] = {}
        self._latest: Monitor | None = None
        self._untold: set[str] = set()
        self._lines = 0
        self._bytes = 0
        self._offset = 0
        self._lag = 0
        self._changes: Counter[str] = Counter()
        self._witness = Witness()

    @property
    def key(self) -> tuple[str, str]:
        """(job, log): how the store and the metrics know this log."""
        return self.origin.job, self.origin.log

    def look(self, now: float) -> Taken:
        """Read what is new and judge it."""
        if self.last_written is None:
            self._first_sight(now)
        look = self.follower.look(now)
        self.condition, self.error = look.condition, look.error
        self._offset, self._lag = look.offset, look.lag
        self._changes.update(change.name.lower() for change in look.changes)
        if self._caught_up and any(isinstance(x, Chunk) and not x.replay for x in look.events):
            self.last_written, self.quiet = now, False
        alerts: list[Alert] = []
        for event in look.events:
            if isinstance(event, Ended):
                alerts += self._end(event.stream, now)
            else:
                alerts += self._take(event, now)
        self._caught_up = self._caught_up or not look.more
        if self._caught_up and not look.events:
            alerts += self._tick(now)
        return Taken(alerts, bool(look.events or alerts), look.more)

    def firing(self) -> list[Alert]:
        """Return the alerts that fire now and that people were told of."""
        monitors = {id(x): x for x in self._monitors.values()}
        found = [alert for monitor in monitors.values() for alert in monitor.alerts]
        return [] if self.quiet else [x for x in found if x.fingerprint not in self._untold]

    def position(self) -> str | None:
        """Return what to save; None while it is open which run some bytes belong to."""
        return None if self._heads else self.follower.position().to_json()

    def snapshot(self, blobs: bool) -> Snapshot | None:
        """Return the picture of the newest run's monitor, None before the first byte."""
        return None if self._latest is None else self._latest.snapshot(blobs)

    def stats(self) -> LogStats:
        """Return how far the log has been read."""
        return LogStats(
            self.origin.job,
            self.origin.log,
            self._lines,
            self._bytes,
            self._offset,
            self._lag,
            dict(self._changes),
        )

    def _tick(self, now: float) -> list[Alert]:
        """Judge the silence; that of a log nobody is told of says nothing."""
        monitor = self._latest
        if monitor is None or self.quiet or self.last_written is None or not monitor.runs:
            return []
        gone = self._witness.gone(monitor.runs[-1].run.tid)
        silence = Silence(now - self.last_written, gone)
        return self._told(monitor.tick(now, silence), replay=False)

    def _first_sight(self, now: float) -> None:
        try:
            self.last_written = os.stat(self.origin.log).st_mtime
        except OSError:
            return
        self.quiet = self._is_new and now - self.last_written > self._ignore_older

    def _take(self, chunk: Chunk, now: float) -> list[Alert]:
        if chunk.stream in self._monitors:
            return self._feed(chunk, now)
        held = [*self._heads.get(chunk.stream, ()), chunk]
        before = self._before(chunk.continues)
        own = True if before is None else begins_run(b"".join(x.data for x in held))
        if own is None:
            self._heads[chunk.stream] = held
            return []
        self._heads.pop(chunk.stream, None)
        alerts: list[Alert] = []
        if own and before is not None:
            alerts += self._told(before.supersede(now), chunk.replay)
        self._adopt(chunk.stream, None if own else before)
        for piece in held:
            alerts += self._feed(piece, now)
        return alerts

    def _before(self, stream: int | None) -> Monitor | None:
        """Return the monitor of the stream, or of the one before while it is open whose it is."""
        while stream in self._heads:
            stream = self._heads[stream][0].continues
        return None if stream is None else self._monitors.get(stream)

    def _adopt(self, stream: int, monitor: Monitor | None) -> None:
        """Make a monitor answer for a stream: the given one, or a new one."""
        if monitor is None:
            local = as_if_utc(self.last_written, self._zone)
            monitor = Monitor(self.origin, self.job.rules, local, _RUNS_KEPT, self._known)
            self._latest = monitor
        self._monitors[stream] = monitor

    def _feed(self, chunk: Chunk, now: float) -> list[Alert]:
        monitor = self._monitors[chunk.stream]
        lines, runs = monitor.parser.line, _newest(monitor)
        alerts = monitor.feed(chunk.data, now, chunk.stream, chunk.start)
        if _newest(monitor) != runs:
            self.follower.run_started(chunk.stream, monitor.parser.run_offset)
        if not chunk.replay:
            self._lines += monitor.parser.line - lines
            self._bytes += len(chunk.data)
        return self._told(alerts, chunk.replay)

    def _told(self, alerts: Iterable[Alert], replay: bool) -> list[Alert]:
        """Leave out what nobody is to hear, and the end of what nobody heard begin."""
        told = []
        for alert in alerts:
            if alert.state == "resolved" and alert.fingerprint in self._untold:
                self._untold.discard(alert.fingerprint)
            elif not (replay or self.quiet):
                told.append(alert)
            elif alert.state == "firing" and alert.fingerprint not in self._known:
                self._untold.add(alert.fingerprint)
        return told

    def _end(self, stream: int, now: float) -> list[Alert]:
        alerts: list[Alert] = []
        for chunk in self._heads.pop(stream, ()):
            if stream not in self._monitors:
                self._adopt(stream, self._before(chunk.continues))
            alerts += self._feed(chunk, now)
        monitor = self._monitors.get(stream)
        if monitor is None:
            return alerts
        lines = monitor.parser.line
        ends = monitor.flush(now, stream)
        self._lines += monitor.parser.line - lines
        if monitor is not self._latest:
            ends += monitor.supersede(now)
        alerts += self._told(ends, replay=False)
        self._forget_but(stream)
        return alerts

    def _forget_but(self, stream: int) -> None:
        """Forget streams older than one that has ended: its successor may still ask for it."""
        for old in [x for x in self._monitors if x < stream]:
            del self._monitors[old]


def _newest(monitor: Monitor) -> str:
    return monitor.runs[-1].run.id if monitor.runs else ""
