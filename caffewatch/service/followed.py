"""One followed log: its files on one side, its monitors on the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import tzinfo
from math import inf

from caffewatch.alert.model import Alert, Origin, resolved
from caffewatch.config.settings import Job
from caffewatch.detect.silence import Silence
from caffewatch.export.stats import LogStats
from caffewatch.log.localtime import as_if_utc
from caffewatch.monitor import Monitor
from caffewatch.service.audience import Audience
from caffewatch.service.core import Core, dump
from caffewatch.service.monitors import HEAD_PATIENCE, Monitors
from caffewatch.service.stillness import Stillness
from caffewatch.service.taken import Taken
from caffewatch.snapshot import Snapshot
from caffewatch.tail.events import Before, Chunk, Condition, Ended, Look
from caffewatch.tail.follower import LogFollower

_RUNS_KEPT = 3
CORE_COST = 256 * 1024
"""Bytes that could be read in the time that it takes to recall a core."""


class FollowedLog:
    """Feed what a follower reads to the monitor of the run that it belongs to.

    Parameters
    ----------
    recalled
        Alerts of this log that an earlier process told and that have not resolved.
    purpose
        All that decides what monitors do, beside code and log; a core is good only for the same.
    recall
        Returns what an earlier process knew of the runs; the follower goes on where that ends.
    ignore_older
        A log that has been silent for longer (seconds) when it is first seen is read and shown,
        but nobody is told until it grows again.
    """

    def __init__(
        self,
        job: Job,
        follower: LogFollower,
        origin: Origin,
        recalled: Sequence[Alert],
        zone: tzinfo | None,
        ignore_older: float,
        is_new: bool,
        purpose: str = "",
        recall: Callable[[], Core | None] = lambda: None,
    ) -> None:
        self.job = job
        self.follower = follower
        self.origin = origin
        self.condition: Condition = "missing"
        self.error: str | None = None
        self.last_active = self._fed_at = 0.0
        self.restored = False
        self._purpose = purpose
        self._missing_since: float | None = None
        self._audience = Audience(recalled)
        self._zone = zone
        self._looked_at: float | None = None
        self._steady = 0.0
        self._caught_up = False
        self._is_first_look = True
        self._monitors = Monitors(self._make_monitor)
        self._fed = self._lines = self._bytes = 0
        self._offset = self._lag = 0
        self._changes: Counter[str] = Counter(rotated=0, replaced=0, truncated=0, gone=0)
        self._stillness = Stillness(origin.log, ignore_older if is_new else inf)
        self._recall: Callable[[], Core | None] | None = recall

    @property
    def key(self) -> tuple[str, str]:
        """(job, log): how the store and the metrics know this log."""
        return self.origin.job, self.origin.log

    @property
    def last_written(self) -> float | None:
        """Time of day at which the log was last written to, None before it was seen."""
        return self._stillness.last_written

    @property
    def quiet(self) -> bool:
        """Whether nobody is told of the log, which was old when it was first seen."""
        return self._stillness.is_old

    @property
    def active_at(self) -> float:
        """Steady time at which the log was written or read last."""
        return max(self._stillness.since, self._fed_at)

    @property
    def unsaved_bytes(self) -> int:
        """Bytes fed to the monitors since the last `core`: what a restart would read again."""
        return self._fed

    def look(self, now: float, steady: float | None = None) -> Taken:
        """Read what is new and judge it.

        Parameters
        ----------
        now
            The time of day, seconds since the epoch.
        steady
            The same without the steps that the clock has made since this process began.
        """
        self._looked_at, self._steady = now, now if steady is None else steady
        recalled = self._recall_core()
        self._stillness.first_sight(now, self._steady)
        look = self.follower.look(self._steady)
        self._take_stock(look, now)
        decided = self._monitors.decide(self._steady)
        alerts = self._feed_all(decided, now)
        for event in look.events:
            if isinstance(event, Ended):
                alerts += self._end(event, now)
            else:
                alerts += self._take(event, now)
        changed = bool(look.events or look.changes or decided or self._is_first_look)
        self._is_first_look = False
        if not (look.more or look.condition == "missing"):
            changed = changed or not self._caught_up
            self._caught_up = True
        if self._caught_up and (self._audience.waits or not look.events):
            alerts += self._tick(now)
            alerts += self._audience.let_go(self._firing, now)
        size = sum(len(x.data) for x in look.events if isinstance(x, Chunk))
        return Taken(
            alerts=alerts,
            changed=changed or bool(alerts),
            more=look.more,
            soon=HEAD_PATIENCE if self._monitors.open_streams else look.patience,
            size=size + (CORE_COST if recalled else 0),
            rotated=bool(look.changes),
        )

    def firing(self) -> list[Alert]:
        """Return the alerts that fire now and that people were told of."""
        return [] if self.quiet else self._audience.heard(self._firing())

    def position(self) -> str:
        """Return what to save: all that was fed to the monitors."""
        return self.follower.position(untaken=self._monitors.open_streams).to_json()

    def core(self) -> bytes | None:
        """Return what to save of the runs, good for the position as it is now.

        None while there is nothing as yet, or a file has been read to the middle of a line.
        """
        monitors = self._monitors
        offsets = None if monitors.open_streams else self.follower.offsets()
        if offsets is None or monitors.latest is None:
            return None
        self._fed = 0
        known = Core(offsets, monitors.by_stream, monitors.latest, self._audience.untold)
        return dump(known, self._purpose)

    def missing_for(self, steady: float) -> float:
        """Return for how long (seconds) nothing has been at the log's path."""
        return 0.0 if self._missing_since is None else steady - self._missing_since

    def abandon(self, now: float) -> list[Alert]:
        """Resolve what fires: the log is followed no more."""
        return [resolved(x, now, "the log is followed no more") for x in self.firing()]

    def snapshot(self, blobs: bool) -> Snapshot | None:
        """Return the picture of the newest run's monitor, None before anything is known.

        Until all is read again that was read before a restart, the alerts are those that fired.
        """
        if self._monitors.latest is None and not self._audience.waits:
            return None
        shown = self._monitors.latest or Monitor(self.origin)
        picture = shown.snapshot(blobs)
        if self._caught_up:
            return picture
        return replace(picture, firing=self._audience.recalled)

    @property
    def shown(self) -> Sequence[Monitor]:
        """What pages show, the newest run's monitor last; only for the thread that owns them."""
        return self._monitors.by_age

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

    def _recall_core(self) -> bool:
        """Take up what an earlier process knew, once; tell whether there was something."""
        recall, self._recall = self._recall, None
        core = recall() if recall else None
        if core is None:
            return False
        self.restored = True
        self._monitors.restore(core.monitors, core.latest)
        self._audience.untold = core.untold
        for monitor in self._monitors:
            monitor.know(self._audience.known)
        self.follower.hold(core.offsets)
        return True

    def _firing(self) -> list[Alert]:
        return [alert for monitor in self._monitors for alert in monitor.alerts]

    def _tick(self, now: float) -> list[Alert]:
        """Judge the silence; that of a log nobody is told of says nothing."""
        monitor = self._monitors.latest
        if monitor is None or self.quiet or self.last_written is None or not monitor.runs:
            return []
        run = monitor.runs[-1].run
        told = not self._bytes and self._audience.heard_of("stall", run.id)
        silence = self._stillness.silence(run.tid, self._steady, told)
        return self._told(monitor.tick(now, silence), replay=False)

    def _take(self, chunk: Chunk, now: float) -> list[Alert]:
        if self._monitors.of(chunk.stream) is not None:
            return self._feed(chunk, now)
        before, latest = self._monitors.before(chunk.continues), self._monitors.latest
        pieces = self._monitors.receive(chunk, self._steady)
        alerts: list[Alert] = []
        if before is not None and self._monitors.latest is not latest:
            alerts += self._told(before.supersede(now), chunk.replay)
        return alerts + self._feed_all(pieces, now)

    def _feed_all(self, pieces: Iterable[Chunk], now: float) -> list[Alert]:
        return [alert for piece in pieces for alert in self._feed(piece, now)]

    def _make_monitor(self) -> Monitor:
        local = as_if_utc(self.last_written or self._looked_at, self._zone)
        known = self._audience.known
        return Monitor(self.origin, self.job.rules, local, _RUNS_KEPT, known, self.job.events)

    def _feed(self, chunk: Chunk, now: float) -> list[Alert]:
        monitor = self._monitors.of(chunk.stream)
        assert monitor is not None
        parser = monitor.parser
        if not parser.line:
            parser.begin_behind(*chunk.before)
        lines, runs = parser.line, _newest(monitor)
        alerts = monitor.feed(chunk.data, now, chunk.stream, chunk.start)
        self._fed += len(chunk.data)
        self.last_active, self._fed_at = now, self._steady
        if _newest(monitor) != runs:
            before = Before(*parser.before_run)
            self.follower.run_started(chunk.stream, parser.run_offset, before)
        if not chunk.replay:
            self._lines += parser.line - lines
            self._bytes += len(chunk.data)
        return self._told(alerts, chunk.replay)

    def _take_stock(self, look: Look, now: float) -> None:
        """Note how the log's files stand."""
        self.condition, self.error = look.condition, look.error
        missing_since = self._missing_since or self._steady
        self._missing_since = missing_since if look.condition == "missing" else None
        self._offset, self._lag = look.offset, look.lag
        if look.changes:
            self._changes.update(change.name.lower() for change in look.changes)
        if look.events and self._monitors.latest is not None:
            silent = self._steady - self._stillness.since if self._caught_up else inf
            self._monitors.latest.tick(now, Silence(silent, over=True))
        if self._caught_up and any(isinstance(x, Chunk) and not x.replay for x in look.events):
            self._stillness.written(now, self._steady)

    def _told(self, alerts: Iterable[Alert], replay: bool) -> list[Alert]:
        return self._audience.tell(alerts, silently=replay or self.quiet)

    def _end(self, ended: Ended, now: float) -> list[Alert]:
        alerts = self._feed_all(self._monitors.give_up_on(ended.stream), now)
        monitor = self._monitors.of(ended.stream)
        if monitor is None:
            return alerts
        lines = monitor.parser.line
        ends = monitor.flush(now, ended.stream)
        if not ended.replay:
            self._lines += monitor.parser.line - lines
        if monitor is not self._monitors.latest:
            ends += monitor.supersede(now)
        return alerts + self._told(ends, ended.replay)


def _newest(monitor: Monitor) -> str:
    return monitor.runs[-1].run.id if monitor.runs else ""
