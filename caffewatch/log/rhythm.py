"""Displays that are line by line like the one before them, read many at a time.

What a display looks like is learned from one that was read line by line, and what a test between
them does from another. Then all lines of those that follow are compared with these by one list of
slices, all values of their blocks are read by another, and the few other lines of each are matched
column by column.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from caffewatch.log.batch import Batch
from caffewatch.log.debug_info import Blocks
from caffewatch.log.glog import Clock
from caffewatch.log.passes import Passes
from caffewatch.log.schedule import Schedule
from caffewatch.log.shape import Shape, shape_of
from caffewatch.log.shortcuts import Shortcuts
from caffewatch.log.sieve import Sifted, sift
from caffewatch.log.stretch import Stretch

LEAST = 3
"""Displays that are worth it."""
_LONGEST_PAUSE = 5
"""Logarithm to base 2 of how many displays pass, at most, before the next try."""
_FEWEST_LINES, _MOST_LINES = 2_000, 20_000
"""Lines that are looked at together, at least and at most: how many are likely to be alike is
taken from the last ones."""


class Rhythm:
    """Learn what the displays of a run look like, and read those that look so.

    Attributes
    ----------
    foreign
        How many lines of other programs were between those of the last stretch.
    """

    def __init__(self) -> None:
        self.forget()

    def __reduce__(self) -> tuple[type[Rhythm], tuple[()]]:
        """Save nothing: it is learned again from one display."""
        return Rhythm, ()

    def forget(self) -> None:
        """Drop what was learned: another run begins."""
        self._failures = self._pause = self._before = self.foreign = 0
        self._mixture = 1.0
        self._schedule = Schedule()
        self._begin(None)

    def _begin(self, shape: Shape | None) -> None:
        self._shape = shape
        self._window = 0 if shape is None else max(LEAST, _FEWEST_LINES // len(shape.lines))

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
        behind, self._before = first - self._before, first
        if not passes.at_rest:
            return None
        display = lines[start - behind : start] if behind <= start else []
        if self._shape is None or behind > len(self._shape.lines):
            display = self._apart(display, passes.blocks, shortcuts)
        period = len(display) if self._shape is None else len(self._shape.lines)
        if len(lines) - start < LEAST * period:
            return None
        if self._pause:  # in a log of another rhythm each try costs, and none succeeds
            self._pause -= 1
            return None
        self._learn(display, passes, shortcuts)
        stretch = self._take(lines, start, first, behind, passes.numbering.expected, clock)
        if stretch is None:
            self._failures = min(self._failures + 1, _LONGEST_PAUSE)
            self._pause = (1 << self._failures) - 1
            return None
        self._failures = -1  # the end of it comes next, and is none
        self._before = stretch.numbers[stretch.starts[-1]]
        passes.numbering.skip(stretch.iterations[-1])
        return stretch

    def _apart(self, lines: list[bytes], blocks: Blocks, shortcuts: Shortcuts) -> list[bytes]:
        """Take a test and what other programs wrote away from a display; learn of both."""
        display = sift(lines, 0, lines).lines
        if len(display) < len(lines):
            self._mixture = len(lines) / max(1, len(display))
        test = self._schedule.learn(display, blocks, shortcuts)
        if self._schedule.is_new:
            self._pause = 0
        return display[test:]

    def _learn(self, display: Sequence[bytes], passes: Passes, shortcuts: Shortcuts) -> None:
        """Look at a display that has just been read, up to the line with the lr.

        What is no display of this kind leaves all as it was.
        """
        shape = self._shape
        if shape is not None and len(display) == len(shape.lines) and shape.lines.fit(display):
            return
        learned = shape_of(display, passes.blocks, shortcuts)
        if learned is not None and passes.numbering.are_one(learned.passes):
            self._begin(learned)

    def _take(
        self, lines: list[bytes], start: int, first: int, behind: int, expected: range, clock: Clock
    ) -> Stretch | None:
        shape, schedule = self._shape, self._schedule
        if shape is None:
            return None
        period = len(shape.lines)
        count = min((len(lines) - start) // period, self._window, len(expected))
        if count < LEAST:
            return None
        due = schedule.due(expected[:count])
        needed = count * period + len(due) * len(
            schedule.shape.lines if due and schedule.shape else ()
        )
        sifted = self._sifted(lines[start : start + int(self._mixture * needed)], first, behind)
        batch = Batch(sifted.lines, sifted.numbers, count, shape, schedule.shape, due)
        batch.align(expected)
        if batch.count >= LEAST:
            batch.compare()
        if batch.count >= LEAST:
            batch.read(expected, clock)
        if batch.missed:
            schedule.miss()
        likely = 4 * count if batch.count == count else 2 * batch.count
        fewest, most = (max(LEAST, x // period) for x in (_FEWEST_LINES, _MOST_LINES))
        self._window = max(fewest, min(likely, most))
        if batch.count < LEAST:
            return None
        stretch = batch.stretch(expected)
        self.foreign = bisect_left(sifted.foreign, stretch.line)
        if stretch.tests:
            schedule.skip(stretch.tests.iterations[-1])
        return stretch

    def _sifted(self, lines: list[bytes], first: int, sample: int) -> Sifted:
        """Drop foreign lines where there have been some."""
        if self._mixture == 1:
            return Sifted(lines, range(first, first + len(lines)), ())
        sifted = sift(lines, first, lines[:sample])
        if sifted.lines:
            self._mixture = (sifted.numbers[-1] + 1 - first) / len(sifted.lines)
        return sifted
