"""A solver that waits for its data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from caffewatch.detect.finding import Finding, Place, Severity
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.log.events import Iteration, Moment, Waiting
from caffewatch.log.run import Run


class DataStarvationParameters(Parameters):
    """Parameters of `DataStarvation`."""

    severity: Severity = parameter("info", "how loud its findings are")
    waits: int = parameter(5, "lines that say so, after the first display", "lines", 1)
    displays: int = parameter(
        20, "displays within which they come, and without to be over", "displays", 1
    )


class DataStarvation(Rule[DataStarvationParameters]):
    """The solver waits for its input again and again.

    Fires when ``Waiting for data`` or ``Data layer prefetch queue empty`` comes ``waits`` times
    within ``displays`` displays. Caffe prints the first only at every thousandth wait.

    Silent on those before the first display: the queues are empty at the start.

    Source: Caffe's blocking queue.
    """

    id: ClassVar[str] = "data_starvation"
    title: ClassVar[str] = "waiting for data"
    severities: ClassVar[tuple[Severity, ...]] = ("info",)
    Parameters: ClassVar[type[Parameters]] = DataStarvationParameters
    layered: ClassVar[bool] = False

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._waits: list[tuple[int, Place]] = []
        self._finding: Finding | None = None

    def on_waiting(self, event: Waiting) -> Sequence[Finding]:
        """Count the waits of the last displays."""
        now = self.run.display_count
        if not now:
            return ()
        recent = [x for x in self._waits if now - x[0] <= self.parameters.displays]
        moment = Moment(self.run.iteration, estimated=False)
        place = Place(event.line, moment, self.run.previous_iteration, kind="input")
        self._waits = [*recent, (now, place)][-self.parameters.waits :]
        if self._finding is not None or len(self._waits) < self.parameters.waits:
            return ()
        self._finding = self.fire(
            self._waits[0][1],
            f"Since {{iteration}} the solver had to wait for data {len(self._waits)} times within "
            f"{self.parameters.displays} displays.",
            [
                "Put the data on a faster disk or in LMDB, and decode less: resize images before "
                "they are stored.",
                "Raise prefetch in data_param, and see whether other jobs read the same disk.",
            ],
        )
        return (self._finding,)

    def on_iteration(self, event: Iteration) -> Sequence[Finding]:
        """Resolve when the waits have stopped."""
        finding = self._finding
        quiet = self.run.display_count - (self._waits[-1][0] if self._waits else 0)
        if finding is None or quiet < self.parameters.displays * self.patience:
            return ()
        self._finding = None
        return (self.end(finding),)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether nothing waits, and nothing is open."""
        return self._finding is None and "waiting" not in survey.stretch.asides.names
