"""Many displays at a time, and the tests between them: a training log while all is well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import attrgetter

from caffewatch.log.asides import NO_ASIDES, Asides
from caffewatch.log.events import (
    TRAIN,
    Blob,
    Event,
    Iteration,
    LearningRate,
    Moment,
    Norms,
    Output,
    Pass,
)  # fmt: skip
from caffewatch.log.slotted import slotted
from caffewatch.log.tests_between import NO_TESTS, OutputColumn, Tests, lines_of


@slotted
class Stretch:
    """Displays that are line by line alike: blocks of values, Iteration, outputs, lr.

    Each sequence has one item for each display. The stamps of output and lr lines are not read.
    Between the displays there are ``tests``, between and inside them ``asides``, and nothing else
    that is an event.

    Parameters
    ----------
    numbers
        Line number of each line that was read, tests' among them.
    starts
        Where in ``numbers`` each display begins.
    period
        Lines of a display.
    blobs
        What a block's values measure; empty without debug_info.
    passes
        Blocks of each display: ``iter_size``, as far as there are any. Where there are several,
        each has norms.
    values
        All values in the order of the log, block by block.
    iteration_line
        Which line of a display it is, from 0.
    iterations
        Each display's own.
    times
        Stamps of the Iteration lines, in seconds since the epoch; see `Iteration`.
    norms
        L1 of data, L1 of diff, L2 of data and L2 of diff, block by block; empty where there are
        none. See `Norms`.
    losses, speeds
        As the Iteration lines give them; ``speeds`` in iterations per second.
    """

    numbers: Sequence[int]
    starts: Sequence[int]
    period: int
    blobs: tuple[Blob, ...]
    passes: int
    values: list[float]
    norms: Sequence[Sequence[float]]
    iteration_line: int
    iterations: range
    times: Sequence[float]
    losses: Sequence[float]
    speeds: Sequence[float | None]
    outputs: Sequence[OutputColumn]
    rates: Sequence[float]
    tests: Tests = NO_TESTS
    asides: Asides = NO_ASIDES

    def __len__(self) -> int:
        return len(self.iterations)

    @property
    def line(self) -> int:
        """Number of the last line."""
        return self.numbers[self.starts[-1] + self.period - 1]

    @property
    def last_shown(self) -> int:
        """Which line of a display is the last with a loss, from 0."""
        return max((x.line for x in self.outputs), default=self.iteration_line)

    @property
    def blocks(self) -> int:
        """How many blocks there are in all displays together."""
        return len(self) * self.passes

    def block(self, at: int) -> list[float]:
        """Return the values of one of all blocks."""
        start = at * len(self.blobs)
        return self.values[start : start + len(self.blobs)]

    def column(self, at: int) -> list[float]:
        """Return one value of all blocks."""
        return self.values[at :: len(self.blobs)]

    def norms_of(self, at: int) -> Norms | None:
        """Return the norms of one of all blocks; None where none are printed."""
        if not self.norms:
            return None
        data1, diff1, data2, diff2 = (column[at] for column in self.norms)
        return Norms((data1, diff1), (data2, diff2))

    def pass_(self, at: int, moment: Moment) -> Pass:
        """Return one of all blocks as a pass."""
        display, number = divmod(at, self.passes)
        start = self.starts[display] + number * (len(self.blobs) + 1)
        end = start + len(self.blobs)  # the norms, or the Iteration line
        lines, norms = lines_of(self.numbers, start, end), self.norms_of(at)
        return Pass(self.numbers[end], TRAIN, self.blobs, self.block(at), lines, moment, norms)

    def line_of(self, display: int) -> int:
        """Return the number of a display's Iteration line."""
        return self.numbers[self.starts[display] + self.iteration_line]

    def iteration(self, display: int) -> Iteration:
        """Return one display's Iteration line."""
        line = self.line_of(display)
        return Iteration(
            line, self.times[display], self.iterations[display], self.losses[display],
            self.speeds[display],
        )  # fmt: skip

    def outputs_of(self, display: int) -> Iterator[Output]:
        """Yield one display's outputs."""
        for column in self.outputs:
            yield column.event(display, self.numbers[self.starts[display] + column.line])

    def learning_rate(self, display: int) -> LearningRate:
        """Return one display's last line."""
        line = self.numbers[self.starts[display] + self.period - 1]
        return LearningRate(line, None, self.iterations[display], self.rates[display])

    def events(self) -> Iterator[Event]:
        """Yield what the lines say one by one."""
        if not self.asides:
            yield from self._shown()
            return
        asides = (event for _, event in self.asides.events())
        yield from sorted((*asides, *self._shown()), key=attrgetter("line"))

    def _shown(self) -> Iterator[Event]:
        tests = dict(zip(self.tests.before, range(len(self.tests)), strict=True))
        for display in range(len(self)):
            if display in tests:
                yield from self.tests.events(tests[display])
            event = self.iteration(display)
            moments = [Moment(event.iteration) for _ in range(self.passes)]
            event.numbered = [(moment, event.iteration) for moment in moments]
            for at, moment in enumerate(moments, display * self.passes):
                yield self.pass_(at, moment)
            yield event
            yield from self.outputs_of(display)
            yield self.learning_rate(display)

    def part(self, start: int, stop: int) -> Stretch:
        """Return the displays from ``start`` up to ``stop``."""
        if (start, stop) == (0, len(self)):
            return self
        rows = slice(start, stop)
        blocks = slice(start * self.passes, stop * self.passes)
        each = len(self.blobs)
        return replace(
            self,
            starts=self.starts[rows],
            values=self.values[blocks.start * each : blocks.stop * each],
            norms=[x[blocks] for x in self.norms],
            iterations=self.iterations[rows],
            times=self.times[rows],
            losses=self.losses[rows],
            speeds=self.speeds[rows],
            outputs=[x._replace(values=x.values[rows]) for x in self.outputs],
            rates=self.rates[rows],
            tests=self.tests.part(start, stop),
            asides=self.asides.part(start, stop),
        )
