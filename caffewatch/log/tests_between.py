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

    def event(self, at: int, first: int) -> Output:
        """Return one of them, in the display or test that begins with this line."""
        line, net, number, name, weight, values = self
        return Output(first + line, net, number, name, values[at], weight)


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


@dataclass(frozen=True, slots=True)
class Tests:
    """Tests of a stretch; each sequence but ``parts`` and ``values`` has one item for each.

    Parameters
    ----------
    before
        The display that each comes before, from 0.
    firsts
        Line number of each one's first line.
    iterations
        Each one's own.
    period
        Lines of a test.
    values
        All values in the order of the log, ``period`` for each test: those of the lines that are
        in no block mean nothing. Empty where there are no blocks.
    parts
        What a test's lines are, in their order.
    """

    before: Sequence[int] = ()
    firsts: Sequence[int] = ()
    iterations: Sequence[int] = ()
    period: int = 0
    values: Sequence[float] = ()
    parts: Sequence[StartColumn | Block | OutputColumn] = ()

    def __len__(self) -> int:
        return len(self.before)

    @property
    def outputs(self) -> Iterator[OutputColumn]:
        """The outputs of all nets, in their order."""
        return (x for x in self.parts if type(x) is OutputColumn)

    def events(self, at: int) -> Iterator[Event]:
        """Yield what the lines of one test say."""
        first, moment = self.firsts[at], Moment(self.iterations[at], estimated=False)
        for part in self.parts:
            if type(part) is OutputColumn:
                yield part.event(at, first)
            elif type(part) is StartColumn:
                line = first + part.line
                yield TestStarted(line, part.times[at], self.iterations[at], part.net)
            elif type(part) is Block:
                start, end = part.line, part.line + len(part.blobs)
                place = at * self.period
                values = list(self.values[place + start : place + end])
                yield Pass(first + end - 1, part.net, part.blobs, values, first + start, moment)

    def part(self, start: int, stop: int) -> Tests:
        """Return those before the displays from ``start`` up to ``stop``."""
        rows = slice(bisect_left(self.before, start), bisect_left(self.before, stop))
        if not self.before[rows]:
            return NO_TESTS
        parts: list[StartColumn | Block | OutputColumn] = []
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
            firsts=self.firsts[rows],
            iterations=self.iterations[rows],
            values=self.values[rows.start * self.period : rows.stop * self.period],
            parts=parts,
        )


NO_TESTS = Tests()
