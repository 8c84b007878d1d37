"""One followed log: its files on one side, its monitors on the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from caffewatch.alert.model import Alert, Origin
from caffewatch.config.settings import Job
from caffewatch.detect.silence import Silence
from caffewatch.export.stats import LogStats
from caffewatch.log.localtime import as_if_utc
from caffewatch.log.start import begins_run
from caffewatch.monitor import Monitor
from caffewatch.service.core import Core, dump
from caffewatch.service.witness import Witness
from caffewatch.snapshot import Snapshot
from caffewatch.tail.events import Chunk, Condition, Ended
from caffewatch.tail.follower import LogFollower
from caffewatch.tail.reader import status

_RUNS_KEPT = 3
_MONITORS_KEPT = 8
"""Runs in files of their own whose late lines can still be judged with the rest."""
_STREAMS_KEPT = 256
CORE_COST = 256 * 1024
"""Bytes that could be read in the time that it takes to recall a core."""
HEAD_PATIENCE = 0.25
"""Seconds for which a new file may leave it open whether a run begins in it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one look brought: alerts that people are to be told of, and when to look again.

    ``more``: at once; ``soon``: within `HEAD_PATIENCE`, though nothing may have come. ``size`` is
    the bytes read. ``rotated``: the file behind the path is another one than before.
    """

    alerts: list[Alert]
    changed: bool
    more: bool
    soon: bool = False
    size: int = 0
    rotated: bool = False


class FollowedLog:
    """Feed what a follower reads to the monitor of the run that it belongs to.

    A file that begins in the midst of a run goes on with the monitor of the file before it; one
    that begins with a run's set-up gets its own, and late lines of the old file stay with the old.

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
        self.quiet = False
        self.last_written: float | None = None
        self.restored = False
        self._purpose = purpose
        self._missing_since: float | None = None
        self._recalled = recalled
        self._known = {x.fingerprint: x.starts_at for x in recalled}
        self._zone = zone
        self._ignore_older = ignore_older
        self._is_new = is_new
        self._looked_at: float | None = None
        self._caught_up = False
        self._is_first_look = True
        self._monitors: dict[int, Monitor] = {}
        self._heads: dict[int, list[Chunk]] = {}
        self._head_since = 0.0
        self._latest: Monitor | None = None
        self._untold: set[str] = set()
        self._fed = 0
        self._lines = 0
        self._bytes = 0
        self._offset = 0
        self._lag = 0
        self._changes: Counter[str] = Counter()
        self._witness = Witness()
        self._recall: Callable[[], Core | None] | None = recall

    @property
    def key(self) -> tuple[str, str]:
        """(job, log): how the store and the metrics know this log."""
        return self.origin.job, self.origin.log

    @property
    def unsaved_bytes(self) -> int:
        """Bytes fed to the monitors since the last `core`: what a restart would read again."""
        return self._fed

    def look(self, now: float) -> Taken:
        """Read what is new and judge it."""
        self._looked_at = now
        recalled = self._recall_core()
        if self.last_written is None:
            self._first_sight(now)
        look = self.follower.look(now)
        self.condition, self.error = look.condition, look.error
        is_missing = look.condition == "missing"
        self._missing_since = (self._missing_since or now) if is_missing else None
        self._offset, self._lag = look.offset, look.lag
        self._changes.update(change.name.lower() for change in look.changes)
        if self._caught_up and any(isinstance(x, Chunk) and not x.replay for x in look.events):
            self.last_written, self.quiet = now, False
        open_before = len(self._heads)
        alerts = self._decide(now)
        decided = len(self._heads) != open_before
        for event in look.events:
            if isinstance(event, Ended):
                alerts += self._end(event, now)
            else:
                alerts += self._take(event, now)
        changed = bool(look.events or decided or self._is_first_look)
        self._is_first_look = False
        if not (look.more or is_missing):
            changed = changed or not self._caught_up
            self._caught_up = True
        if self._caught_up and (self._recalled or not look.events):
            alerts += self._tick(now)
            alerts += self._let_go(now)
        size = sum(len(x.data) for x in look.events if isinstance(x, Chunk))
        size += CORE_COST if recalled else 0
        return Taken(
            alerts, changed or bool(alerts), look.more, bool(self._heads), size, bool(look.changes)
        )

    def firing(self) -> list[Alert]:
        """Return the alerts that fire now and that people were told of."""
        monitors = {id(x): x for x in self._monitors.values()}
        found = [alert for monitor in monitors.values() for alert in monitor.alerts]
        return [] if self.quiet else [x for x in found if x.fingerprint not in self._untold]

    def position(self) -> str:
        """Return what to save: all that was fed to the monitors."""
        return self.follower.position(untaken=self._heads).to_json()

    def core(self) -> bytes | None:
        """Return what to save of the runs, good for the position as it is now.

        None while there is nothing as yet, or a file has been read to the middle of a line.
        """
        offsets = None if self._heads else self.follower.offsets()
        if offsets is None or self._latest is None:
            return None
        self._fed = 0
        return dump(Core(offsets, self._monitors, self._latest, self._untold), self._purpose)

    def missing_for(self, now: float) -> float:
        """Return for how long (seconds) nothing has been at the log's path."""
        return 0.0 if self._missing_since is None else now - self._missing_since

    def abandon(self, now: float) -> list[Alert]:
        """Resolve what fires: the log is followed no more."""
        return [replace(x, state="resolved", ends_at=now) for x in self.firing()]

    def snapshot(self, blobs: bool) -> Snapshot | None:
        """Return the picture of the newest run's monitor, None before anything is known.

        Until all is read again that was read before a restart, the alerts are those that fired.
        """
        if self._latest is None and not self._recalled:
            return None
        shown = self._latest or Monitor(self.origin)
        picture = shown.snapshot(blobs)
        if self._caught_up:
            return picture
        return replace(picture, firing=Counter((x.rule, x.severity) for x in self._recalled))

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
        core = None if recall is None else recall()
        if core is None:
            return False
        self.restored = True
        self._monitors, self._latest, self._untold = core.monitors, core.latest, core.untold
        for monitor in self._monitors.values():
            monitor.know(self._known)
        self.follower.hold(core.offsets)
        return True

    def _let_go(self, now: float) -> list[Alert]:
        """Resolve what an earlier process told and this one, having read all, does not find.

        The rules may have been changed, or the lines may be gone.
        """
        found = {x.fingerprint for monitor in self._monitors.values() for x in monitor.alerts}
        lost = [x for x in self._recalled if x.fingerprint not in found]
        self._recalled = ()
        return [replace(x, state="resolved", ends_at=now) for x in lost]

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
            self.last_written = status(self.origin.log).st_mtime
        except OSError:
            return
        self.quiet = self._is_new and now - self.last_written > self._ignore_older

    def _take(self, chunk: Chunk, now: float) -> list[Alert]:
        if chunk.stream in self._monitors:
            return self._feed(chunk, now)
        held = self._heads.pop(chunk.stream, [])
        held.append(chunk)
        before = self._before(chunk.continues)
        if before is None:
            return self._open(held, self._forgotten(chunk), now)
        own = begins_run(b"".join(x.data for x in held))
        if own is None:
            self._head_since = self._head_since if self._heads else now
            self._heads[chunk.stream] = held
            return []
        return self._open(held, None if own else before, now)

    def _decide(self, now: float) -> list[Alert]:
        """Take files that have left it open for too long whose run they hold as going on."""
        alerts: list[Alert] = []
        while self._heads and not 0 <= now - self._head_since < HEAD_PATIENCE:
            stream, held = next(iter(self._heads.items()))
            if all(b"\n" not in x.data for x in held):
                break
            del self._heads[stream]
            alerts += self._open(held, self._before(held[0].continues), now)
        return alerts

    def _open(self, held: list[Chunk], monitor: Monitor | None, now: float) -> list[Alert]:
        """Give a new stream to a monitor, or to a new one: another run begins."""
        stream, continues = held[0].stream, held[0].continues
        before = self._before(continues)
        alerts: list[Alert] = []
        if monitor is None and before is not None:
            alerts += self._told(before.supersede(now), held[0].replay)
        self._adopt(stream, monitor)
        for piece in held:
            alerts += self._feed(piece, now)
        return alerts

    def _before(self, stream: int | None) -> Monitor | None:
        """Return the monitor of the stream, or of the last one before it that said anything."""
        earlier = [x for x in self._monitors if stream is not None and x <= stream]
        return self._monitors[max(earlier)] if earlier else None

    def _forgotten(self, chunk: Chunk) -> Monitor | None:
        """Make a monitor for late lines of a run that is long forgotten; they are no new run."""
        late = self._latest is not None and chunk.continues is not None
        return self._make_monitor() if late else None

    def _adopt(self, stream: int, monitor: Monitor | None) -> None:
        """Make a monitor answer for a stream: the given one, or a new one."""
        if monitor is None:
            self._latest = monitor = self._make_monitor()
        self._monitors[stream] = monitor
        self._forget_old()

    def _make_monitor(self) -> Monitor:
        local = as_if_utc(self.last_written or self._looked_at, self._zone)
        return Monitor(self.origin, self.job.rules, local, _RUNS_KEPT, self._known)

    def _forget_old(self) -> None:
        """Forget the monitors of long ago; the newest streams' are kept for late lines."""
        newest = list(self._monitors.items())[-_STREAMS_KEPT:]
        kept = list(dict.fromkeys(x for _, x in reversed(newest)))[:_MONITORS_KEPT]
        self._monitors = {stream: x for stream, x in newest if x in kept}

    def _feed(self, chunk: Chunk, now: float) -> list[Alert]:
        monitor = self._monitors[chunk.stream]
        lines, runs = monitor.parser.line, _newest(monitor)
        alerts = monitor.feed(chunk.data, now, chunk.stream, chunk.start)
        self._fed += len(chunk.data)
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

    def _end(self, ended: Ended, now: float) -> list[Alert]:
        alerts: list[Alert] = []
        stream = ended.stream
        if held := self._heads.pop(stream, None):
            alerts += self._open(held, self._before(held[0].continues), now)
        monitor = self._monitors.get(stream)
        if monitor is None:
            return alerts
        lines = monitor.parser.line
        ends = monitor.flush(now, stream)
        if not ended.replay:
            self._lines += monitor.parser.line - lines
        if monitor is not self._latest:
            ends += monitor.supersede(now)
        return alerts + self._told(ends, ended.replay)


def _newest(monitor: Monitor) -> str:
    return monitor.runs[-1].run.id if monitor.runs else ""
