"""One look at many displays at a time, shared by all rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import hypot, isfinite
from typing import Any

from caffewatch.detect.layout import Layout
from caffewatch.log.displays import FIRST, Display, Tested, tests_of
from caffewatch.log.events import Clipped
from caffewatch.log.run import Run
from caffewatch.log.stretch import Stretch


class _Extremes(dict[int, float]):
    """An extreme of each value over the blocks, worked out where it is asked for."""

    def __init__(self, extreme: Callable[[list[float]], float], stretch: Stretch) -> None:
        self._extreme, self._values, self._step = extreme, stretch.values, len(stretch.blobs)

    def __missing__(self, at: int) -> float:
        found = self[at] = self._extreme(self._values[at :: self._step])
        return found


class Survey:
    """A stretch of displays, as far as it takes to see that nothing happens in it.

    Attributes
    ----------
    layout
        That of its blocks, None without debug_info.
    losses
        What each display's loss is to the rules; see `caffewatch.log.displays.Display`.
    low, high
        The smallest and the largest of each value, by its index in a block.
    tests
        What the tests in it gave, each with the mean of the last `FIRST` losses before it.
    finite
        Whether all values, losses, outputs and learning rates are, those of tests, too; False
        where in doubt.
    size
        What no value's magnitude exceeds; finite where they are.
    without_zero
        Whether no value is 0.
    restless
        The rules for which something may happen in it: all others may pass over it.
    notes
        What rules worked out when they were asked, each by itself.
    slowest, fastest
        The learning rates that the blocks were printed at; 0 where there was none.
    """

    __slots__ = (
        "fastest", "finite", "high", "layout", "losses", "low", "notes", "restless", "size",
        "slowest", "stretch", "tests", "without_zero",
    )  # fmt: skip

    def __init__(
        self, stretch: Stretch, layout: Layout | None, losses: Sequence[float], run: Run
    ) -> None:
        self.stretch, self.layout, self.losses = stretch, layout, losses
        rates = [run.learning_rate or 0.0, *stretch.rates]
        self.slowest, self.fastest = min(rates), max(rates)
        # Takes a quarter of the time that the largest magnitude would.
        self.size = hypot(*stretch.values)
        told = sum(map(sum, (x.values for x in (*stretch.outputs, *stretch.tests.outputs))))
        total = self.size + sum(stretch.losses) + sum(losses) + sum(rates) + told
        total += sum(stretch.tests.values)
        self.tests = _judged(stretch, losses, run)
        self.finite = isfinite(total)
        self.without_zero = all(stretch.values)
        self.restless: tuple[Any, ...] = ()
        self.notes: dict[Any, Any] = {}
        self.low, self.high = _Extremes(min, stretch), _Extremes(max, stretch)

    @property
    def clipped(self) -> bool:
        """Whether gradients were clipped in it."""
        return "clipped" in self.stretch.asides.names

    def display(self, at: int) -> Display:
        """Return one of the displays as rules see it."""
        stretch = self.stretch
        line = stretch.numbers[stretch.starts[at] + stretch.last_shown]
        return Display(line, stretch.times[at], stretch.iterations[at], self.losses[at])

    def last(self) -> list[float]:
        """Return the values of the last block."""
        return self.stretch.block(self.stretch.blocks - 1)

    def clipped_last(self) -> tuple[int, float]:
        """Return how often gradients were clipped behind the last Iteration line, and how large."""
        last = len(self.stretch) - 1
        line = self.stretch.line_of(last)
        events = self.stretch.asides.part(last, last + 1).events("clipped")
        norms = [x.norm for _, x in events if isinstance(x, Clipped) and x.line > line]
        return len(norms), max([0.0, *norms])


def _judged(stretch: Stretch, losses: Sequence[float], run: Run) -> Sequence[tuple[Tested, float]]:
    if not stretch.tests:
        return ()
    all_losses = [*run.displays.latest(FIRST), *losses]
    return [
        (tested, sum(all_losses[before : before + FIRST]) / FIRST)
        for before, tested in tests_of(stretch)
    ]
