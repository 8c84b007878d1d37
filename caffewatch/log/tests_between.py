"""The tests between the displays of a stretch, line by line alike."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from caffewatch.log.events import Blob, Event, Moment, Output, Pass, TestStarted


class OutputColumn(NamedTuple):
    """One output of a net over a stretch.

    ``line`` counts from the first of a display or test; ``number`` is the output's index.
    """

    line: int
    net: str
    number: int
    name: str
    weight: float | None
    values: Sequence[float]

    def event(self, at: int, line: int) -> Output:
        """Return one of them, of this line."""
        _, net, number, name, weight, values = self
        return Output(line, net, number, name, values[at], weight)


class StartColumn(NamedTuple):
    """The lines that say which net is tested; ``times`` as in `TestStarted`."""

    line: int
    net: str
    times: Sequence[float]


class Block(NamedTuple):
    """A block of a test net's values."""

    line: int
    net: str
    blobs: tuple[Blob, ...]


Part = StartColumn | Block | OutputColumn


@dataclass(frozen=True, slots=True)
class Tests:
    """Tests of a stretch; ``before``, ``starts`` and ``iterations`` have one item for each.

    Parameters
    ----------
    before
        The display that each comes before, from 0.
    numbers, starts
        As in `Stretch`: line numbers, and where in them each one begins.
    iterations
        Each one's own.
    period
        Lines of a test.
    values
        All values in the order of the log, block by block.
    parts
        What a test's lines are, in their order.
    """

    before: Sequence[int] = ()
    numbers: Sequence[int] = ()
    starts: Sequence[int] = ()
    iterations: Sequence[int] = ()
    period: int = 0
    values: Sequence[float] = ()
    parts: Sequence[Part] = ()

    def __len__(self) -> int:
        return len(self.before)

    @property
    def outputs(self) -> Iterator[OutputColumn]:
        """The outputs of all nets, in their order."""
        return (x for x in self.parts if type(x) is OutputColumn)

    @property
    def width(self) -> int:
        """Values of each test."""
        return sum(len(x.blobs) for x in self.parts if type(x) is Block)

    def events(self, at: int) -> Iterator[Event]:
        """Yield what the lines of one test say."""
        moment = Moment(self.iterations[at], estimated=False)
        place = at * self.width
        for part in self.parts:
            line = self.line_of(part, at)
            if type(part) is OutputColumn:
                yield part.event(at, line)
            elif type(part) is StartColumn:
                yield TestStarted(line, part.times[at], self.iterations[at], part.net)
            elif type(part) is Block:
                size, start = len(part.blobs), self.starts[at] + part.line
                values = list(self.values[place : place + size])
                place += size
                lines = lines_of(self.numbers, start, start + size)
                last = self.numbers[start + size - 1]
                yield Pass(last, part.net, part.blobs, values, lines, moment)

    def line_of(self, part: Part, at: int) -> int:
        """Return the line number of a part in one test."""
        return self.numbers[self.starts[at] + part.line]

    def part(self, start: int, stop: int) -> Tests:
        """Return those before the displays from ``start`` up to ``stop``."""
        rows = slice(bisect_left(self.before, start), bisect_left(self.before, stop))
        if not self.before[rows]:
            return NO_TESTS
        parts: list[Part] = []
        for x in self.parts:
            if type(x) is OutputColumn:
                parts.append(x._replace(values=x.values[rows]))
            elif type(x) is StartColumn:
                parts.append(x._replace(times=x.times[rows]))
            else:
                parts.append(x)
        return replace(
            self,
            before=[x - start for x in self.before[rows]],
            starts=self.starts[rows],
            iterations=self.iterations[rows],
            values=self.values[rows.start * self.width : rows.stop * self.width],
            parts=parts,
        )


NO_TESTS = Tests()


def lines_of(numbers: Sequence[int], start: int, end: int) -> int | list[int]:
    """Return line numbers as `Pass` has them: the first, where they follow each other."""
    first = numbers[start]
    return first if numbers[end - 1] - first == end - 1 - start else list(numbers[start:end])
