"""Displays and tests that should look like the learned ones, read many at a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import chain, repeat

from caffewatch.log.asides import NO_ASIDES, Asides
from caffewatch.log.columns import Column
from caffewatch.log.glog import Clock
from caffewatch.log.grammar import number
from caffewatch.log.messages import TIMED
from caffewatch.log.schedule import Due
from caffewatch.log.shape import Lines, Shape, TestShape
from caffewatch.log.sieve import Sifted
from caffewatch.log.slices import cut, floats, leading, leading_of
from caffewatch.log.stretch import Stretch
from caffewatch.log.tests_between import NO_TESTS, OutputColumn, Part, StartColumn, Tests


class _Columns:
    """Lines of several displays, or of several tests: like ones lie at equal distances."""

    def __init__(self, learned: Lines) -> None:
        self.learned = learned
        self.lines: list[bytes] = []
        self.period = len(learned)
        self.values: list[float] = []
        self.columns: dict[int, list[list[float]]] = {}

    def find(self, shown: Column, iterations: Sequence[bytes]) -> int:
        """Read one message of each; return how many stand where it should be."""
        learned, column = self.learned, self.lines[shown.at :: self.period]
        heads = map(cut, column, repeat(learned.cuts[shown.at]))
        count = leading_of(heads, learned.heads[shown.at])
        found, self.columns[shown.at] = shown.read(column[:count], iterations)
        return found

    def alike(self, count: int) -> int:
        """Return how many of the first so many have the learned heads."""
        heads = self.learned.heads * count
        lines = self.lines[: len(heads)]
        found = list(map(cut, lines, self.learned.cuts * count))
        return count if found == heads else leading(found, heads) // self.period

    def begins(self, at: int) -> bool:
        """Tell whether one begins at least as it was learned."""
        learned = self.learned
        return self.lines[at * self.period][learned.cuts[0]] == learned.heads[0]

    def read_values(self, count: int) -> int:
        """Read the values of the first so many; return how many of those are whole."""
        lines, period = self.lines[: count * self.period], self.period
        for shown in reversed(self.learned.shown):
            del lines[shown.at :: period]
            period -= 1
        self.values = floats(list(map(cut, lines, self.learned.tails * count)))
        return len(self.values) // period

    def read(self, count: int, day: bytes, iterations: Sequence[bytes]) -> int:
        """Read the messages of the first so many; return how many are as they should be."""
        date = slice(1, self.learned.gap)
        for shown in self.learned.shown:
            column = self.lines[shown.at : count * self.period : self.period]
            count = leading_of(map(cut, column, repeat(date)), day)
            if shown.at not in self.columns:
                found, self.columns[shown.at] = shown.read(column, iterations)
                count = min(count, found)
        return count

    def times(self, at: int, count: int, day: bytes, clock: Clock) -> list[float]:
        """Read the stamps of a line, up to the first that is none."""
        place = slice(self.learned.gap + 1, self.learned.stamp_end - 1)
        column = self.lines[at : count * self.period : self.period]
        return clock.column(day, list(map(cut, column, repeat(place))))

    def output(self, shown: Column, count: int) -> OutputColumn:
        """Return an output's column."""
        index, name, _, weight, _ = shown.groups
        return OutputColumn(
            shown.at,
            shown.net,
            int(index or 0),
            (name or b"").decode("utf-8", "replace"),
            None if weight is None else number(weight),
            self.columns[shown.at][0][:count],
        )


class Batch:
    """Lines that should be displays of a shape, with tests of a shape before some of them.

    Parameters
    ----------
    sifted
        From the beginning of the first display or test on.
    count
        Displays to take, at most.
    due
        The tests that should come before them.

    Attributes
    ----------
    count
        How many displays are there, and as they should be, as far as has been read.
    missed
        Whether a test was due that did not come.
    """

    def __init__(
        self, sifted: Sifted, count: int, shape: Shape, test: TestShape | None, due: Due
    ) -> None:
        self._sifted = sifted
        lines, self._numbers = sifted.kept()
        self._shape, self._test, self._due = shape, test, due
        self._displays = _Columns(shape.lines)
        self._tests = _Columns(Lines() if test is None else test.lines)
        self._starts: list[int] = []
        self._times: list[float] = []
        self._written: list[bytes] = []
        self._begun: dict[int, list[float]] = {}
        self.missed = False
        self.count = count
        self._lay_out(lines)
        self._before = self._place() if sifted.asides else []

    def _lay_out(self, lines: list[bytes]) -> None:
        """Part displays from tests, as far as the lines reach."""
        period, between = self._displays.period, self._tests.period
        done = at = 0
        for before, _ in (*self._due, (self.count, 0)):
            taken = min(before - done, (len(lines) - at) // period)
            end = at + taken * period
            self._displays.lines += lines[at:end]
            self._starts += range(at, end, period)
            done += taken
            if done < before or before == self.count or end + between > len(lines):
                break
            at = end + between
            self._tests.lines += lines[end:at]
        self._limit(done)

    @property
    def _day(self) -> bytes:
        """The date of the first display."""
        displays = self._displays
        return displays.lines[self._shape.iteration_line][1 : displays.learned.gap]

    def _place(self) -> list[int]:
        """Return the display that each aside comes before or within, for those among displays.

        What comes between a line that is shown and its outputs ends it, to those who read singly:
        there shall be none in displays that are taken. Nor shall there be a stamp of another day.
        """
        period, between, sifted = self._displays.period, self._tests.period, self._sifted
        inside = range(self._shape.iteration_line + 1, period - 1)
        places: list[int] = []
        display, last = 0, -1
        for behind, name, raw in zip(sifted.behind, sifted.names, sifted.raws, strict=True):
            if behind != last:
                last, display = behind, bisect_right(self._starts, behind - period)
                if display >= self.count:
                    break
                at = behind - self._starts[display]
                if at in inside or -between < at < 0:
                    self._limit(display)
                    break
            if name in TIMED and raw[1 : self._displays.learned.gap] != self._day:
                self._limit(display)
                break
            places.append(display)
        return places

    def _limit(self, count: int) -> None:
        """Take no more than so many displays, and the tests before them."""
        self.count = min(self.count, count)
        del self._due[bisect_left(self._due, (self.count, 0)) :]

    def _limit_tests(self, count: int) -> None:
        """Take no more than so many tests, and the displays up to the next."""
        if count < len(self._due):
            self._limit(self._due[count][0])

    def align(self, iterations: range) -> None:
        """Take the displays whose Iteration lines stand where they should, up to the first.

        A line too many or too few puts all behind it out of its place, and need not be looked at.
        """
        shape, due = self._shape, self._due
        numbered = next(x for x in shape.lines.shown if x.at == shape.iteration_line)
        self._written = _written(iterations[: self.count])
        count = self._displays.find(numbered, self._written)
        test = bisect_left(due, (count, 0))
        if test < len(due) and due[test][0] == count:
            self.missed = not self._tests.begins(test)
        self._limit(count)

    def compare(self) -> None:
        """Compare all lines with what was learned, up to the first that differs."""
        displays, due = self._displays.alike(self.count), self._due
        if due:
            tests = self._tests.alike(len(due))
            if tests < len(due) and displays >= due[tests][0]:
                self.missed = not self._tests.begins(tests)
            self._limit_tests(tests)
        self._limit(displays)

    def read(self, clock: Clock) -> None:
        """Read what was alike, up to the first that is not as it should be."""
        displays, tests = self._displays, self._tests
        day = self._day
        if self._shape.blobs:
            self._limit(displays.read_values(self.count))
        if self._test is not None and self._test.blocks and self._due:
            self._limit_tests(tests.read_values(len(self._due)))
        self._limit(displays.read(self.count, day, self._written))
        if self._due:
            written = _written(x for _, x in self._due)
            self._limit_tests(tests.read(len(self._due), day, written))
        self._times = displays.times(self._shape.iteration_line, self.count, day, clock)
        self._limit(len(self._times))
        for shown in tests.learned.shown if self._due else ():
            if shown.name == "testing":
                times = self._begun[shown.at] = tests.times(shown.at, len(self._due), day, clock)
                self._limit_tests(len(times))
        if self.count:
            last = displays.lines[self.count * displays.period - 1]
            clock.seconds(day, last[displays.learned.gap + 1 : displays.learned.stamp_end - 1])

    def stretch(self, iterations: range) -> Stretch:
        """Return what was read."""
        shape, displays, count = self._shape, self._displays, self.count
        shown, columns = displays.learned.shown, displays.columns
        *speeds, losses = columns[shape.iteration_line]
        of_passes = [columns[x.at] for x in shown if x.name == "norms"]
        return Stretch(
            numbers=self._numbers,
            starts=self._starts[:count],
            period=displays.period,
            blobs=shape.blobs,
            passes=shape.passes,
            values=displays.values[: count * len(displays.learned.tails)],
            norms=[_in_turn(x, count) for x in zip(*of_passes, strict=True)],
            iteration_line=shape.iteration_line,
            iterations=iterations[:count],
            times=self._times[:count],
            losses=losses[:count],
            speeds=speeds[0][:count] if speeds else [None] * count,
            outputs=[displays.output(x, count) for x in shown if x.name == "output"],
            rates=columns[shown[-1].at][0][:count],
            tests=self._stretch_of_tests() if self._due else NO_TESTS,
            asides=self._asides() if self._before else NO_ASIDES,
        )

    def _asides(self) -> Asides:
        sifted = self._sifted
        asides = Asides(self._before, sifted.asides, sifted.names, sifted.raws, self._times[0])
        return asides.part(0, self.count)

    def _stretch_of_tests(self) -> Tests:
        tests, count = self._tests, len(self._due)
        parts: list[Part] = list(self._test.blocks if self._test else ())
        for shown in tests.learned.shown:
            if shown.name == "testing":
                parts.append(StartColumn(shown.at, shown.net, self._begun[shown.at][:count]))
            else:
                parts.append(tests.output(shown, count))
        before = [x for x, _ in self._due]
        return Tests(
            before=before,
            numbers=self._numbers,
            starts=[self._starts[x] - tests.period for x in before],
            iterations=[x for _, x in self._due],
            period=tests.period,
            values=tests.values[: count * len(tests.learned.tails)],
            parts=sorted(parts, key=lambda x: x.line),
        )


def _written(iterations: Iterable[int]) -> list[bytes]:
    """Return iterations as the log has them."""
    return list(map(str.encode, map(str, iterations)))


def _in_turn(columns: Sequence[list[float]], count: int) -> list[float]:
    """Return the first so many of each, in turn."""
    if len(columns) == 1:
        return columns[0][:count]
    return list(chain.from_iterable(zip(*(x[:count] for x in columns), strict=True)))
