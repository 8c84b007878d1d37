"""Displays that are line by line like the one before them, read many at a time.

What a display looks like is learned from one that was read line by line. Then all lines of the
displays that follow are compared with it by one list of slices, all values of their blocks are
read by another, and the few other lines of each are matched column by column.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Any

from caffewatch.log.debug_info import Blocks
from caffewatch.log.glog import Clock
from caffewatch.log.grammar import number, numbers
from caffewatch.log.passes import Passes
from caffewatch.log.shape import Shape, Shown, shape_of
from caffewatch.log.shortcuts import PATTERNS, Shortcuts
from caffewatch.log.slices import cut, floats, leading
from caffewatch.log.stretch import OutputColumn, Stretch

LEAST = 6
"""Displays that are worth it."""
_LONGEST_PAUSE = 5
"""Logarithm to base 2 of how many displays pass, at most, before the next try."""
_MOST_LINES = 20_000


class Rhythm:
    """Learn what the displays of a run look like, and read those that look so."""

    def __init__(self) -> None:
        self.forget()

    def __reduce__(self) -> tuple[type[Rhythm], tuple[()]]:
        """Save nothing: it is learned again from one display."""
        return Rhythm, ()

    def forget(self) -> None:
        """Drop what was learned: another run begins."""
        self._failures = self._pause = self._before = 0
        self._begin(None)

    def _begin(self, shape: Shape | None) -> None:
        self._shape = shape
        self._window = LEAST

    def sweep(
        self, lines: list[bytes], start: int, first: int, passes: Passes,
        shortcuts: Shortcuts, clock: Clock,
    ) -> Stretch | None:  # fmt: skip
        """Read the displays behind one that has just ended; None where they are too few.

        Parameters
        ----------
        start
            Where in ``lines`` they begin.
        first
            The number of that line.
        """
        period, self._before = first - self._before, first
        if len(lines) - start < LEAST * period or not passes.at_rest:
            return None
        if self._pause:  # in a log of another rhythm each try costs, and none succeeds
            self._pause -= 1
            return None
        if period <= start:
            self._learn(lines[start - period : start], passes.blocks, shortcuts)
        stretch = self._take(lines, start, first, passes.numbering.expected, clock)
        if stretch is None:
            self._failures = min(self._failures + 1, _LONGEST_PAUSE)
            self._pause = (1 << self._failures) - 1
            return None
        self._failures = -1  # the end of it comes next, and is none
        self._before = stretch.line + 1 - stretch.period
        passes.numbering.skip(stretch.iterations[-1])
        return stretch

    def _learn(self, display: Sequence[bytes], blocks: Blocks, shortcuts: Shortcuts) -> None:
        """Look at a display that has just been read, from its first line to the one with the lr.

        What is no display of this kind, such as one with a test in it, leaves all as it was.
        """
        shape = self._shape
        if shape is not None and list(map(cut, display, shape.cuts)) == shape.heads:
            return
        learned = shape_of(display, blocks, shortcuts)
        if learned is not None:
            self._begin(learned)

    def _take(
        self, lines: list[bytes], start: int, first: int, expected: range, clock: Clock
    ) -> Stretch | None:
        shape = self._shape
        if shape is None:
            return None
        period = len(shape.heads)
        count = min((len(lines) - start) // period, self._window, len(expected))
        if count < LEAST:
            return None
        batch = lines[start : start + count * period]
        count = self._alike(batch, shape, count)
        del batch[count * period :]
        values: list[float] = []
        if shape.blobs and count >= LEAST:
            values = floats(batch, shape.tails * count)
            count = len(values) // period
        columns = _Columns(batch, period, shape)
        if count >= LEAST:
            count = columns.read(count, expected, clock)
        if count < LEAST:
            self._window = LEAST
            return None
        del values[count * period :]
        return columns.stretch(first, count, values, expected)

    def _alike(self, batch: list[bytes], shape: Shape, count: int) -> int:
        """Return how many displays have the learned heads."""
        period, heads = len(shape.heads), shape.heads * count
        found = list(map(cut, batch, shape.cuts * count))
        if found == heads:
            self._window = min(4 * count, max(LEAST, _MOST_LINES // period))
            return count
        count = leading(found, heads) // period
        self._window = max(LEAST, 2 * count)
        return count


class _Columns:
    """The lines of some displays that are no values of a block, each kind by itself."""

    def __init__(self, batch: list[bytes], period: int, shape: Shape) -> None:
        self._lines = {x.at: batch[x.at :: period] for x in shape.shown}
        self._shape = shape
        self._period = period
        self._groups: dict[int, list[tuple[Any, ...]]] = {}
        self._times: list[float] = []

    def read(self, count: int, expected: range, clock: Clock) -> int:
        """Read the columns; return how many displays are as they should be."""
        shape, lines = self._shape, self._lines
        gap, stamp_end = shape.gap, shape.stamp_end
        day = lines[shape.shown[0].at][0][1:gap]
        for shown in shape.shown:
            column = lines[shown.at][:count]
            groups = self._groups[shown.at] = _matched(column, shown)
            days = [line[1:gap] for line in column]
            count = min(_in_step(groups, shown, expected), leading(days, repeat(day, count)))
            if count < LEAST:
                return 0
        stamps = [x[gap + 1 : stamp_end - 1] for x in lines[shape.iteration_line][:count]]
        self._times = clock.column(day, stamps)
        if len(self._times) == count:
            clock.seconds(day, lines[shape.shown[-1].at][count - 1][gap + 1 : stamp_end - 1])
        return len(self._times)

    def stretch(self, first: int, count: int, values: list[float], expected: range) -> Stretch:
        """Return what was read of so many displays."""
        shape = self._shape
        columns = {at: list(zip(*x[:count], strict=True)) for at, x in self._groups.items()}
        norms_line = next((x.at for x in shape.shown if x.name == "norms"), None)
        _, speeds, losses, _ = columns[shape.iteration_line]
        return Stretch(
            first=first,
            period=self._period,
            blobs=shape.blobs,
            values=values,
            norms_line=norms_line,
            norms=[] if norms_line is None else list(map(numbers, columns[norms_line])),
            iteration_line=shape.iteration_line,
            iterations=expected[:count],
            times=self._times[:count],
            losses=numbers(losses),
            speeds=[None if x is None else number(x) for x in speeds],
            outputs=[_output(x, columns[x.at]) for x in shape.shown if x.name == "output"],
            rates=numbers(columns[shape.shown[-1].at][1]),
        )


def _matched(column: Sequence[bytes], shown: Shown) -> list[tuple[Any, ...]]:
    """Return the groups of a column's lines, up to the first that is no such line."""
    matches = list(map(PATTERNS[shown.name].match_bytes, column, repeat(shown.end)))
    if None in matches:
        del matches[matches.index(None) :]
    return [match.groups() for match in matches if match is not None]


def _in_step(groups: list[tuple[Any, ...]], shown: Shown, expected: range) -> int:
    """Return how many of a column's lines say what they have to, beside their values."""
    if shown.name == "norms" or not groups:
        return len(groups)
    count = len(groups)
    columns = list(zip(*groups, strict=True))
    if shown.name == "output":
        fixed = (0, 1, 3)  # its index, its name, its loss weight
        return min(leading(columns[at], repeat(shown.groups[at], count)) for at in fixed)
    # An Iteration line's fourth group is a loss that was not trained on, the third of one with
    # the lr is a scale of the gradients: neither is a usual display's.
    special = columns[3 if shown.name == "iteration" else 2]
    usual = leading(special, repeat(None, count))
    return min(usual, leading(map(int, columns[0]), expected[:count]))


def _output(shown: Shown, columns: list[tuple[Any, ...]]) -> OutputColumn:
    index, name, _, weight, _ = shown.groups
    return OutputColumn(
        shown.at,
        int(index or 0),
        (name or b"").decode("utf-8", "replace"),
        None if weight is None else number(weight),
        numbers(columns[2]),
    )
