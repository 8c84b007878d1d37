"""Displays and tests of a log as rows: what Caffe's own parse_log.py makes tables of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from caffewatch.log.events import (
    TRAIN,
    Event,
    Iteration,
    LearningRate,
    Output,
    Pass,
    RunEnded,
    RunStarted,
    Solving,
    TestStarted,
)
from caffewatch.log.run import MOST

COMMON = ("NumIters", "Seconds", "LearningRate")
"""The columns of parse_log.py that stand before the net outputs."""
_FEW = 64
"""Rows that may wait for the first learning rate; a hostile log could print none for ever."""


@dataclass(slots=True)
class Row:
    """One display of the training net, or one test of a test net.

    Parameters
    ----------
    time
        The stamp of the first output, seconds since the epoch as if it were UTC.
    origin
        The stamp from which seconds count: of the run's ``Solving`` line, or else of its first.
    rate
        The learning rate of this very iteration, None where the log does not tell it.
    printed
        The learning rate that stands last before the outputs, which is parse_log.py's.
    """

    run: int
    net: str
    iteration: int
    time: float | None
    origin: float | None
    rate: float | None = None
    printed: float | None = None
    outputs: list[Output] = field(default_factory=list)

    @property
    def is_test(self) -> bool:
        """Whether it is a test net's."""
        return self.net != TRAIN

    @property
    def seconds(self) -> float | None:
        """Seconds since the run began to solve; None without stamps."""
        return since(self.origin, self.time)

    def cells(self) -> dict[str, float | int | None]:
        """Return the row by column: each output by its name, with its index where that is taken."""
        taken: dict[str, float | int | None] = dict(
            zip(COMMON, (self.iteration, self.seconds, self.rate), strict=True)
        )
        for output in self.outputs:
            is_free = output.name not in taken and output.name not in ("run", "net")
            taken[output.name if is_free else f"{output.name}#{output.index}"] = output.value
        return taken


class Rows:
    """Put rows together out of events."""

    def __init__(self) -> None:
        self._origin: float | None = None
        self._run = 0
        self._rate: LearningRate | None = None
        self._row: Row | None = None
        self._waiting: list[Row] = []
        self._begun = False
        self._is_bare = True

    def take(self, event: Event) -> Iterator[Row]:
        """Take an event; yield the rows that it completes."""
        if isinstance(event, Output):
            self._output(event)
        elif isinstance(event, LearningRate):
            yield from self._learning_rate(event)
        elif isinstance(event, Iteration | TestStarted):
            yield from self._close()
            net = event.net if isinstance(event, TestStarted) else TRAIN
            self._open(net, event.iteration, event.time)
        elif isinstance(event, RunStarted):
            self._origin, self._run = event.time, event.ordinal
            self._rate, self._begun, self._is_bare = None, False, True
        elif isinstance(event, Solving) and not self._begun:
            self._origin = self._origin if event.time is None else event.time
        elif isinstance(event, RunEnded):
            yield from self._close()
            yield from self._release()
        elif isinstance(event, Pass) and event.net == TRAIN:
            yield from self._close()

    def _open(self, net: str, iteration: int, time: float | None) -> None:
        self._begun = True
        self._row = Row(self._run, net, iteration, time, self._origin)
        if self._rate is not None:
            known = net != TRAIN or self._rate.iteration == iteration
            self._row.printed = self._rate.rate
            self._row.rate = self._rate.rate if known else None

    def _output(self, event: Output) -> None:
        row = self._row
        if row is None or row.net != event.net or len(row.outputs) >= MOST:
            return
        if not row.outputs and event.time is not None:
            row.time = event.time
        row.outputs.append(event)
        self._is_bare = self._is_bare and row.is_test

    def _learning_rate(self, event: LearningRate) -> Iterator[Row]:
        self._rate = event
        row = self._row
        if row is not None and row.rate is None and row.iteration == event.iteration:
            row.rate = event.rate
        for waiting in self._waiting:
            waiting.rate = event.rate if waiting.rate is None else waiting.rate
        if row is not None and not row.is_test:
            yield from self._close()
        yield from self._release()

    def _close(self) -> Iterator[Row]:
        row, self._row = self._row, None
        if row is None or not (row.outputs or (self._is_bare and not row.is_test)):
            return  # a test that was cut off, or the loss that is printed at the very end
        self._waiting.append(row)
        if self._rate is not None or len(self._waiting) > _FEW:
            yield from self._release()

    def _release(self) -> Iterator[Row]:
        rows, self._waiting = self._waiting, []
        yield from rows


def since(origin: float | None, time: float | None) -> float | None:
    """Return the seconds between two stamps, which are of microseconds."""
    return None if time is None or origin is None else round(time - origin, 6)
