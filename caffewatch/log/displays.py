"""The loss as rules judge it: what training and test nets gave, display by display."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import groupby
from math import isfinite
from typing import NamedTuple, Protocol

from caffewatch.log.events import TRAIN, Event, Iteration, Output, Pass, TestStarted
from caffewatch.log.stretch import Stretch

FIRST = 5
"""Displays that are kept of the start of a run."""
KEPT = 256
_MOST_UNMADE = 16
"""Stretches whose displays are made only when they are asked for."""
_Columns = tuple[Sequence[int], Sequence[float], Sequence[int], Sequence[float]]


class Averaged(Protocol):
    """What knows over how many displays the loss is averaged: a run."""

    @property
    def loss_window(self) -> int:
        """Displays that ``average_loss`` reaches back over."""
        ...


class Display(NamedTuple):
    """One display of training.

    ``loss`` is the sum of loss weight times output, averaged like ``average_loss``; the displayed
    figure where the net prints no such output, since that one stays wrong after one huge value.
    """

    line: int
    time: float | None
    iteration: int
    loss: float


class Tested(NamedTuple):
    """One test of one net; ``loss`` is the sum of loss weight times output, None without any."""

    line: int
    iteration: int
    net: str
    loss: float | None


class Displays:
    """Put displays and tests together from Iteration and output lines.

    Attributes
    ----------
    count
        How many there were in this run.
    open
        The Iteration line, or the start of a test, of which more is to come.
    first, start
        The first few losses, and the highest of the first three: where the run began.
    """

    def __init__(self) -> None:
        self.count = 0
        self._recent: deque[Display] = deque(maxlen=KEPT)
        self._unmade: list[_Columns] = []
        self.first: list[float] = []
        self.start: float | None = None
        self._history: list[float] = []
        self._window: deque[float] = deque(maxlen=1)
        self.open: Iteration | TestStarted | None = None
        self._sum = 0.0
        self._losses = 0
        self._line = 0
        self._awaits_outputs = False
        self._levels: dict[int, float] = {}

    @property
    def recent(self) -> deque[Display]:
        """The last displays, oldest first."""
        for columns in self._unmade:
            self._recent.extend(map(Display, *columns))
        self._unmade.clear()
        return self._recent

    def level(self, count: int) -> float | None:
        """Return the mean of the last losses; None before there are so many."""
        if self.count < count:
            return None
        level = self._levels.get(count)
        if level is None:
            level = sum(self._history[-count:]) / count
            self._levels[count] = level
        return level

    def progress(self, level: float | None = None) -> float | None:
        """Return the mean of the last `FIRST` losses as a share of the start.

        None in the beginning. ``level`` is that mean, where it is known.
        """
        if self.count < 2 * FIRST or not self.start:
            return None
        level = level or self._levels.get(FIRST) or self.level(FIRST)
        return None if level is None else level / self.start

    def take(self, event: Event, run: Averaged) -> Display | Tested | None:
        """Take an event; return the display or test that it completes."""
        opened = self.open
        if type(event) is Output:
            if opened is not None:
                self._add(event)
            return None
        if type(event) is Iteration or type(event) is TestStarted:
            done = None if opened is None else self._close(run)
            self.open, self._sum, self._losses, self._line = event, 0.0, 0, event.line
            self._awaits_outputs = type(event) is TestStarted
            return done
        if opened is None or (self._awaits_outputs and type(event) is Pass):
            return None
        return self._close(run)

    def losses_of(self, stretch: Stretch, run: Averaged) -> Sequence[float]:
        """Return the losses that a stretch would add, as `Display` gives them."""
        losses = _losses_of(stretch)
        if run.loss_window <= 1:
            return losses
        window = deque(self._window, maxlen=run.loss_window)
        averaged = []
        for loss in losses:
            window.append(loss)
            averaged.append(sum(window) / len(window))
        return averaged

    def pass_over(self, stretch: Stretch, losses: Sequence[float], run: Averaged) -> None:
        """Take a stretch, and what `losses_of` gave for it, behind the first displays."""
        self._window = deque(self._window, maxlen=run.loss_window)
        self._window.extend(_losses_of(stretch) if run.loss_window > 1 else losses[-1:])
        new, last = slice(max(0, len(losses) - KEPT), None), stretch.last_shown
        lines = [stretch.numbers[start + last] for start in stretch.starts[new]]
        if len(losses) >= KEPT:
            self._unmade.clear()
        elif len(self._unmade) >= _MOST_UNMADE:
            self._recent = self.recent
        iterations = list(stretch.iterations[new])  # a saved state holds no range
        self._unmade.append((lines, stretch.times[new], iterations, losses[new]))
        self._history.extend(losses)
        if len(self._history) > 2 * KEPT:
            del self._history[: (len(self._history) - KEPT - 1) // KEPT * KEPT]
        self._levels.clear()
        self.count += len(losses)

    def latest(self, count: int) -> list[float]:
        """Return the last losses, as many as there are of so many."""
        return self._history[-count:]

    def _add(self, output: Output) -> None:
        if (output.net == TRAIN) != (type(self.open) is Iteration):
            return
        self._line = output.line
        self._awaits_outputs = False
        if output.weight is not None:
            self._sum += output.weight * output.value
            self._losses += 1

    def _close(self, run: Averaged) -> Display | Tested | None:
        opened = self.open
        if opened is None:
            return None
        if isinstance(opened, TestStarted):
            if self._line == opened.line:
                return None  # its [Forward] lines: the outputs are still to come
            self.open = None
            loss = self._sum if self._losses else None
            return Tested(self._line, opened.iteration, opened.net, loss)
        self.open = None
        if self._window.maxlen != run.loss_window:
            self._window = deque(self._window, maxlen=run.loss_window)
        self._window.append(self._sum if self._losses else opened.loss)
        loss = sum(self._window) / len(self._window)
        display = Display(self._line, opened.time, opened.iteration, loss)
        self.recent.append(display)
        self._history.append(loss)
        if len(self._history) > 2 * KEPT:
            del self._history[:KEPT]
        self._levels.clear()
        self.count += 1
        if len(self.first) < FIRST:
            self.first.append(loss)
            self.start = max(filter(isfinite, self.first[:3]), default=None)
        return display


def tests_of(stretch: Stretch) -> list[tuple[int, Tested]]:
    """Return the tests in a stretch, each behind the number of the display it comes before."""
    tests, found = stretch.tests, []
    outputs = {net: list(columns) for net, columns in groupby(tests.outputs, lambda x: x.net)}
    for at, before in enumerate(tests.before):
        for net, columns in outputs.items():
            weighed = [x.weight * x.values[at] for x in columns if x.weight is not None]
            loss = sum(weighed, 0.0) if weighed else None
            line = tests.line_of(columns[-1], at)
            found.append((before, Tested(line, tests.iterations[at], net, loss)))
    return found


def _losses_of(stretch: Stretch) -> Sequence[float]:
    """Return the sum of loss weight times output of each display."""
    weighed = [(x.weight, x.values) for x in stretch.outputs if x.weight is not None]
    if not weighed:
        return stretch.losses
    sums = [0.0] * len(stretch)
    for weight, values in weighed:
        sums = [total + weight * value for total, value in zip(sums, values, strict=True)]
    return sums
