"""Logs followed without a daemon: by a program that imports caffewatch, or in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from caffewatch.detect.finding import Finding
from caffewatch.detect.silence import Silence
from caffewatch.log.events import Event
from caffewatch.log.localtime import as_if_utc
from caffewatch.monitor import Monitor
from caffewatch.service.monitors import Monitors
from caffewatch.service.stillness import Stillness
from caffewatch.tail.events import Chunk, Ended
from caffewatch.tail.follower import LogFollower

Seen = Event | Finding
_RUNS_KEPT = 3
_RUNS = 64
"""Runs of which it is remembered how many findings were told."""


class Source(Protocol):
    """A log that grows."""

    @property
    def monitor(self) -> Monitor | None:
        """What judges the newest run, None before the first byte."""

    def look(self, now: float, steady: float | None = None) -> Iterator[Seen]:
        """Take in what is new; yield each event, and each finding as it begins and as it ends."""

    def close(self) -> None:
        """Close every file."""


class Judge:
    """Feed monitors, and tell what they find in the order in which they find it."""

    def __init__(self) -> None:
        self._firing: list[Finding] = []
        self._known: dict[str, int] = {}

    def take(self, monitor: Monitor, events: Iterable[Event], now: float) -> Iterator[Seen]:
        """Judge events; yield each, followed by the findings that began or ended with it."""
        for event in events:
            monitor.take((event,), now)
            yield event
            yield from self.changes(monitor)

    def tick(self, monitor: Monitor, silence: Silence, now: float) -> Iterator[Seen]:
        """Judge a silence."""
        monitor.tick(now, silence)
        yield from self.changes(monitor)

    def changes(self, monitor: Monitor) -> Iterator[Finding]:
        """Yield the findings that began or ended since this was last asked."""
        if not monitor.runs:
            return
        record = monitor.runs[-1]
        known = self._known.get(record.run.id, 0)
        if len(record.findings) > known:
            new = record.findings[known:]
            self._known = dict(
                [*self._known.items(), (record.run.id, len(record.findings))][-_RUNS:]
            )
            self._firing += [x for x in new if x.state == "firing"]
            yield from new
        if any(x.state == "resolved" for x in self._firing):
            over = [x for x in self._firing if x.state == "resolved"]
            self._firing = [x for x in self._firing if x.state == "firing"]
            yield from over


class FollowedFile:
    """A path, whatever files come and go behind it.

    Parameters
    ----------
    path
        The log, which need not exist yet.

    Attributes
    ----------
    problem
        Why the path cannot be read, None while it can.
    unreadable
        Whether that is more than its not being there.
    more
        Whether there is more to be read at once.
    """

    def __init__(self, path: str) -> None:
        self.problem: str | None = None
        self.unreadable = False
        self.more = False
        self._follower = LogFollower(path)
        self._stillness = Stillness(path)
        self._steady = 0.0
        self._caught_up = False
        self._monitors = Monitors(self._make)
        self._judge = Judge()

    @property
    def monitor(self) -> Monitor | None:
        """What judges the newest run."""
        return self._monitors.latest

    def look(self, now: float, steady: float | None = None) -> Iterator[Seen]:
        """Take in what is new."""
        self._steady = now if steady is None else steady
        self._stillness.first_sight(now, self._steady)
        look = self._follower.look(self._steady)
        self.more, self.problem = look.more, look.error
        self.unreadable = look.condition == "unreadable"
        for chunk in self._monitors.decide(self._steady):
            yield from self._feed(chunk, now)
        self._note_end_of_silence(bool(look.events), now)
        for event in look.events:
            if isinstance(event, Chunk):
                yield from self._take(event, now)
            else:
                yield from self._end(event, now)
        if not look.more:
            self._caught_up = True
            yield from self._tick(now)

    def close(self) -> None:
        """Close every file."""
        self._follower.close()

    def _make(self) -> Monitor:
        return Monitor(reference=as_if_utc(self._stillness.last_written), keep=_RUNS_KEPT)

    def _take(self, chunk: Chunk, now: float) -> Iterator[Seen]:
        is_known = self._monitors.of(chunk.stream) is not None
        for piece in [chunk] if is_known else self._monitors.receive(chunk, self._steady):
            yield from self._feed(piece, now)

    def _feed(self, chunk: Chunk, now: float) -> Iterator[Seen]:
        monitor = self._monitors.of(chunk.stream)
        assert monitor is not None
        events = monitor.read(chunk.data, now, chunk.stream, chunk.start)
        yield from self._judge.take(monitor, events, now)

    def _end(self, ended: Ended, now: float) -> Iterator[Seen]:
        for chunk in self._monitors.give_up_on(ended.stream):
            yield from self._feed(chunk, now)
        monitor = self._monitors.of(ended.stream)
        if monitor is not None:
            yield from self._judge.take(monitor, monitor.parser.flush(ended.stream), now)

    def _note_end_of_silence(self, grown: bool, now: float) -> None:
        if not (grown and self._caught_up):
            return
        if self.monitor is not None:
            silent = self._steady - self._stillness.since
            self.monitor.tick(now, Silence(silent, over=True))
        self._stillness.written(now, self._steady)

    def _tick(self, now: float) -> Iterator[Seen]:
        monitor = self.monitor
        if monitor is not None and monitor.runs and self._stillness.last_written is not None:
            silence = self._stillness.silence(monitor.runs[-1].run.tid, self._steady)
            yield from self._judge.tick(monitor, silence, now)
