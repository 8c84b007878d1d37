"""A log as tables, while it is read: train, test, blobs and events."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from caffewatch.detect.finding import Finding
from caffewatch.log.events import Event, Iteration, Pass, RunEnded
from caffewatch.log.life import LifeEvent
from caffewatch.monitor import Monitor, RunRecord
from caffewatch.report.tables_rows import Row, Rows

TABLES = ("train", "test", "blobs", "events")
_MOST_WAITING = 256
"""Passes that may wait for their iteration; in a whole log it is those of one display."""


class BlobRow(NamedTuple):
    """One debug_info value, a mean of absolute values.

    ``iteration`` is None where the log ends before it tells; ``line`` is the value's own.
    """

    run: int
    iteration: int | None
    net: str
    phase: str
    layer: str
    kind: str
    blob: str
    quantity: str
    value: float
    line: int


class EventRow(NamedTuple):
    """Something that happened in a run, or was found in it.

    ``event`` is one of `caffewatch.log.life.LifeEvent`, or ``finding``; what follows ``iteration``
    up to ``text`` is None where it is no finding.
    """

    run: int
    line: int
    iteration: int | None
    event: str
    rule: str | None
    severity: str | None
    state: str | None
    caused_by: str | None
    layer: str | None
    text: str


@dataclass(slots=True)
class Batch:
    """The rows that one piece of a log completed. Blobs come by pass: (run, pass)."""

    train: list[Row] = field(default_factory=list)
    test: list[Row] = field(default_factory=list)
    passes: list[tuple[int, Pass]] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)

    def extend(self, other: Batch) -> None:
        """Add the rows of the piece that follows."""
        self.train += other.train
        self.test += other.test
        self.passes += other.passes
        self.events += other.events

    def blobs(self) -> Iterator[BlobRow]:
        """Yield a row for each value."""
        for run, block in self.passes:
            yield from blob_rows(run, block)


class TableReader:
    """Read a log, judge it, and make rows of it, in bounded memory.

    Parameters
    ----------
    monitor
        What reads and judges; nothing must have been fed to it.
    """

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self._rows = Rows()
        self._waiting: deque[tuple[int, Pass]] = deque()

    def feed(self, data: bytes) -> Batch:
        """Take bytes that the log goes on with."""
        return self._take(self.monitor.read(data, 0.0))

    def close(self) -> Batch:
        """End the log."""
        return self._take(self.monitor.parser.close())

    def _take(self, events: Iterable[Event]) -> Batch:
        batch = Batch()
        for event in events:
            self.monitor.take((event,), 0.0)
            if isinstance(event, Pass):
                self._waiting.append((self.monitor.runs[-1].run.ordinal, event))
                batch.passes += self._numbered(_MOST_WAITING)
            for row in self._rows.take(event):
                (batch.test if row.is_test else batch.train).append(row)
            if isinstance(event, Iteration):
                batch.passes += self._numbered(len(self._waiting))
            elif isinstance(event, RunEnded):
                batch.passes += self._waiting
                self._waiting.clear()
                batch.events += event_rows(self.monitor.runs[-1])
        return batch

    def _numbered(self, patience: int) -> Iterator[tuple[int, Pass]]:
        """Yield the passes whose iteration is known, in order, and those that wait for too long."""
        waiting = self._waiting
        while waiting and (not waiting[0][1].moment.estimated or len(waiting) > patience):
            yield waiting.popleft()


def blob_rows(run: int, block: Pass) -> Iterator[BlobRow]:
    """Yield a row for each value of a pass."""
    iteration, net = block.moment.iteration, block.net
    for index, (blob, value) in enumerate(zip(block.blobs, block.values, strict=False)):
        yield BlobRow(run, iteration, net, *blob, value, block.line_of(index))


def event_rows(record: RunRecord) -> list[EventRow]:
    """Return the history of a run, findings included, in the order of their lines."""
    run = record.run.ordinal
    rows = [_life(run, event) for event in record.run.life.events]
    rows += [_finding(run, finding) for finding in record.findings]
    return sorted(rows, key=lambda row: row.line)


def _life(run: int, event: LifeEvent) -> EventRow:
    line, iteration, kind, text = event
    return EventRow(run, line, iteration, kind, None, None, None, None, None, text)


def _finding(run: int, finding: Finding) -> EventRow:
    return EventRow(
        run,
        finding.place.line,
        finding.iteration,
        "finding",
        finding.rule,
        finding.severity,
        finding.state,
        finding.caused_by,
        finding.place.layer,
        finding.message,
    )
