"""What happens in the life of a run, for people: starts, snapshots, ends."""

from __future__ import annotations

from collections import Counter
from math import isnan
from typing import NamedTuple

from caffewatch.log.events import (
    Ended,
    Event,
    LearningRate,
    Loaded,
    SnapshotWritten,
    SolverRead,
    Solving,
)
from caffewatch.log.stretch import Stretch

MOST = 500
"""Events kept of one run: the first ones, then the last."""
KINDS = (
    "started", "resumed", "finetuned", "snapshot", "learning_rate", "finished", "stopped",
    "terminated", "crashed", "blind",
)  # fmt: skip
_STEP = 2.0


class LifeEvent(NamedTuple):
    """Something worth a line in a run's history.

    ``kind`` is one of `KINDS`; blind is what keeps the log from saying what a monitor wants to
    know. ``iteration`` is the last one displayed before it.
    """

    line: int
    iteration: int | None
    kind: str
    text: str


class Life:
    """Collect the events of one run's life.

    A learning rate that creeps is no event: only one that halves or doubles is.

    Attributes
    ----------
    counts
        How many events of each kind there were, also those that are no longer kept.
    """

    def __init__(self) -> None:
        self.events: list[LifeEvent] = []
        self.counts: Counter[str] = Counter()
        self._rate: float | None = None
        self._started = False

    def take(self, event: Event, iteration: int | None) -> None:
        """Take an event of the log."""
        if isinstance(event, SolverRead):
            for text in _blind(event):
                self._add(LifeEvent(event.line, iteration, "blind", text))
            return
        told = self._tell(event)
        if told is not None:
            self._add(LifeEvent(event.line, iteration, *told))

    def pass_over(self, stretch: Stretch, iteration: int | None, rate: float | None) -> None:
        """Take a stretch; before it, these were the last iteration displayed and its rate."""
        written = list(stretch.asides.events("snapshot"))
        for display, given in enumerate(stretch.rates):
            while written and written[0][0] == display:
                event = written.pop(0)[1]
                shown = event.line > stretch.line_of(display)
                self.take(event, stretch.iterations[display] if shown else iteration)
            iteration = stretch.iterations[display]
            if given != rate:
                self.take(stretch.learning_rate(display), iteration)
                rate = given

    def _add(self, event: LifeEvent) -> None:
        if self.events and self.events[-1][2:] == event[2:]:
            return  # Caffe says Optimization Done twice
        self.counts[event.kind] += 1
        if len(self.events) >= MOST:
            del self.events[MOST // 2]
        self.events.append(event)

    def _tell(self, event: Event) -> tuple[str, str] | None:
        if isinstance(event, SnapshotWritten):
            return "snapshot", event.path
        if isinstance(event, LearningRate):
            return self._rate_changed(event.rate)
        if isinstance(event, Loaded):
            return "resumed" if event.resumed else "finetuned", f"from {event.path}"
        if isinstance(event, Ended):
            return event.how, event.reason
        if isinstance(event, Solving) and event.net and not self._started:
            self._started = True
            return "started", event.net
        return None

    def _rate_changed(self, rate: float) -> tuple[str, str] | None:
        before = self._rate
        if isnan(rate):
            return None
        if before is None:
            self._rate = rate
            return None
        if before / _STEP < rate < before * _STEP or before == rate:
            return None
        self._rate = rate
        return "learning_rate", f"{before:g} to {rate:g}"


def _blind(event: SolverRead) -> list[str]:
    found = []
    if event.parameters.get("display", "0") == "0":
        found.append("display is 0: neither loss nor debug_info is printed; set display: 20 or so")
    if event.parameters.get("debug_info") != "true":
        found.append("no debug_info: set debug_info: true in the solver to see gradients by layer")
    return found
