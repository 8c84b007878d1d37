"""Displays that are line by line like the one before them, read many at a time.

What a display looks like is learned from one that was read line by line, and what a test between
them does from another. Then all lines of those that follow are compared with these by one list of
slices, all values of their blocks are read by another, and the few other lines of each are matched
column by column. Where others stood between such lines lately, those are taken out before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from caffewatch.log.batch import Batch
from caffewatch.log.debug_info import Blocks
from caffewatch.log.glog import Clock
from caffewatch.log.passes import Passes
from caffewatch.log.schedule import Due, Schedule
from caffewatch.log.shape import Shape, TestShape, shape_of
from caffewatch.log.shortcuts import Shortcuts
from caffewatch.log.sieve import Sieve, Sifted, apart
from caffewatch.log.stretch import Stretch

LEAST = 3
"""Displays that are worth it."""
_LONGEST_PAUSE = 5
"""Logarithm to base 2 of how many displays pass, at most, before the next try."""
_FEWEST_LINES, _MOST_LINES = 2_000, 20_000
"""Lines that are looked at together, at least and at most: how many are likely to be alike is
taken from the last ones."""
_DENSE = 1.02
"""Lines of which so many are to one of a display's or test's are sifted one by one."""
_SIFTED = 500
"""Displays that are sifted behind the last line that was none of theirs: as many as cost what it
costs to come upon such a line unsifted."""


class Rhythm:
    """Learn what the displays of a run look like, and read those that look so.

    Attributes
    ----------
    unrecognised
        How many lines that say nothing were between those of the last stretch.
    """

    def __init__(self) -> None:
        self.forget()

    def __reduce__(self) -> tuple[type[Rhythm], tuple[()]]:
        """Save nothing: it is learned again from one display."""
        return Rhythm, ()

    def forget(self) -> None:
        """Drop what was learned: another run begins."""
        self._failures = self._pause = self._before = self.unrecognised = 0
        self._sift = 0
        self._mixture = 1.0
        self._sieve: tuple[Shape, TestShape | None, Sieve] | None = None
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
        stretch = self._take(lines, start, first, passes, shortcuts, clock)
        if stretch is None:
            self._failures = min(self._failures + 1, _LONGEST_PAUSE)
            self._pause = (1 << self._failures) - 1
            return None
        self._failures = -1  # the end of it comes next, and is none
        self._before = stretch.numbers[stretch.starts[-1]]
        passes.numbering.skip(stretch.iterations[-1])
        return stretch

    def awaits(self, count: int) -> bool:
        """Tell whether so many lines are too few for displays that would be read together."""
        shape = self._shape
        return shape is not None and not self._pause and count < LEAST * len(shape.lines)

    def _apart(self, lines: list[bytes], blocks: Blocks, shortcuts: Shortcuts) -> list[bytes]:
        """Take a test and lines that do not matter away from a display; learn of both."""
        if self._pause and not any(b"Testing net" in x for x in lines):
            return lines  # nobody looks at it: only another test ends the pause early
        display = apart(lines, shortcuts)
        if display and len(display) < len(lines) and display[-1] is lines[-1]:
            self._sift = _SIFTED
            self._mixture = len(lines) / len(display)
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
        self, lines: list[bytes], start: int, first: int, passes: Passes,
        shortcuts: Shortcuts, clock: Clock,
    ) -> Stretch | None:  # fmt: skip
        shape, schedule, expected = self._shape, self._schedule, passes.numbering.expected
        if shape is None:
            return None
        period = len(shape.lines)
        count = min((len(lines) - start) // period, self._window, len(expected))
        if count < LEAST:
            return None
        due = schedule.due(expected[:count]) if schedule.holds(passes.blocks) else []
        needed = count * period + len(due) * len(
            schedule.shape.lines if due and schedule.shape else ()
        )
        sifted = self._sifted(Sifted(lines, start, first), needed, count, shape, due, shortcuts)
        batch = Batch(sifted, count, shape, schedule.shape, due)
        batch.align(expected)
        if batch.count >= LEAST:
            batch.compare()
        if batch.count >= LEAST:
            batch.read(clock)
        if batch.missed:
            schedule.miss()
        likely = 4 * count if batch.count == count else 2 * batch.count
        fewest, most = (max(LEAST, x // period) for x in (_FEWEST_LINES, _MOST_LINES))
        self._window = max(fewest, min(likely, most))
        if batch.count < LEAST:
            if self._failures >= 0:  # so did the last one: each line looked at is lost
                self._window = max(LEAST, count // 4)
            return None
        stretch = batch.stretch(expected)
        self.unrecognised = bisect_left(sifted.unrecognised, stretch.line)
        if self._sift:
            dropped = stretch.line - first >= stretch.starts[-1] + period
            self._sift = _SIFTED if dropped else max(0, self._sift - len(stretch))
        if stretch.tests:
            schedule.skip(stretch.tests.iterations[-1])
        return stretch

    def _sifted(
        self, sifted: Sifted, needed: int, count: int, shape: Shape, due: Due, shortcuts: Shortcuts
    ) -> Sifted:
        """Return displays and tests, without other lines where there were some lately."""
        if not self._sift:
            sifted.take(needed)
            return sifted
        sieve = self._sieve_of(shape)
        if self._mixture > _DENSE:
            sifted.sift(needed, sieve, shortcuts)
        else:
            sieve.sift(sifted, count, due, shortcuts)
        self._mixture = sifted.mixture
        return sifted

    def _sieve_of(self, shape: Shape) -> Sieve:
        """Return a sieve that keeps what is like the learned display and test."""
        test = self._schedule.shape
        if self._sieve is None or self._sieve[0] is not shape or self._sieve[1] is not test:
            sieve = Sieve(shape.lines, None if test is None else test.lines)
            self._sieve = shape, test, sieve
        return self._sieve[2]
