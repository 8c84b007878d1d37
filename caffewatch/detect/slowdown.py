"""Training that takes longer and longer."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from operator import sub
from typing import ClassVar

from caffewatch.detect.finding import Evidence, Finding, Place, Severity
from caffewatch.detect.middle import median
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.log.events import TRAIN, Iteration, Moment, SnapshotWritten, TestStarted
from caffewatch.log.run import Run

_SHOWN = 8


class SlowdownParameters(Parameters):
    """Parameters of `Slowdown`."""

    factor: float = parameter(3.0, "times the run's own time per iteration", "ratio", 1.0)
    displays: int = parameter(5, "slow displays in a row, and others to be over", "displays", 1)
    baseline: int = parameter(20, "displays from which the baseline is taken", "displays", 3, 1000)
    seconds: float = parameter(
        2.0, "seconds that a display must take, for the stamps to be worth comparing", "s", 0.0
    )


class Slowdown(Rule[SlowdownParameters]):
    """The time per iteration is well above the run's own baseline.

    Measured by the stamps between two displays without a test or a snapshot in between. Fires when
    it stays above ``factor`` times the median of the first ``baseline`` such displays for
    ``displays`` displays in a row.

    Silent on the first display after a start, whose printed figure is garbage, on runs whose
    displays take less than ``seconds``, and on a single long one (an hour's step of the clock).

    Source: the stamps of the public logs jitter by less than 1.5 times between displays.
    """

    id: ClassVar[str] = "slowdown"
    title: ClassVar[str] = "training slows down"
    severities: ClassVar[tuple[Severity, ...]] = ("warning",)
    Parameters: ClassVar[type[Parameters]] = SlowdownParameters
    layered: ClassVar[bool] = False

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._last: Iteration | None = None
        self._disturbed = True
        self._usual: list[float] = []
        self._baseline: float | None = None
        self._slow: deque[Evidence] = deque(maxlen=max(_SHOWN, self.parameters.displays))
        self._first: Place | None = None
        self._well = 0
        self._finding: Finding | None = None

    def on_test_started(self, event: TestStarted) -> Sequence[Finding]:
        """Leave a display with a test in it out."""
        self._disturbed = True
        return ()

    def on_snapshot_written(self, event: SnapshotWritten) -> Sequence[Finding]:
        """Leave a display with a snapshot in it out."""
        self._disturbed = True
        return ()

    def on_iteration(self, event: Iteration) -> Sequence[Finding]:
        """Measure the display that ends here."""
        before, self._last = self._last, event
        disturbed, self._disturbed = self._disturbed, False
        if before is None or before.time is None or event.time is None or disturbed:
            return ()
        iterations, seconds = event.iteration - before.iteration, event.time - before.time
        if iterations <= 0 or seconds < self.parameters.seconds:
            return self._recover() if iterations > 0 and self._baseline else ()
        each = seconds / iterations
        if self._baseline is None:
            self._usual.append(each)
            if len(self._usual) >= self.parameters.baseline:
                self._baseline = median(self._usual)
            return ()
        if each <= self._baseline * self.parameters.factor:
            return self._recover()
        return self._note(event, before, each, self._baseline)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether no display is slow, and nothing is open."""
        before = self._last
        if self._finding is not None or before is None or before.time is None:
            return False
        longest = max(self._seconds(before.time, survey))
        if self._baseline is None:
            return longest < self.parameters.seconds
        each = longest / survey.stretch.iterations.step
        return each <= self._baseline * self.parameters.factor

    def pass_over(self, survey: Survey) -> None:
        """Count displays that are not slow."""
        stretch = survey.stretch
        left_out = self._left_out(survey)
        self._disturbed = len(stretch) in left_out
        if self._baseline is not None and len(stretch) > len(left_out) - self._disturbed:
            self._slow.clear()
            self._first = None
        self._last = stretch.iteration(len(stretch) - 1)

    def _seconds(self, before: float, survey: Survey) -> list[float]:
        """Return how long each display took, 0 for those that are left out."""
        times = (before, *survey.stretch.times)
        seconds: list[float] = list(map(sub, times[1:], times))
        for display in self._left_out(survey) - {len(seconds)}:
            seconds[display] = 0.0
        return seconds

    def _left_out(self, survey: Survey) -> set[int]:
        """Return the displays that tests or snapshots disturbed, the one behind the last too."""
        stretch = survey.stretch
        disturbed = set(stretch.tests.before)
        for display, event in stretch.asides.events("snapshot"):
            disturbed.add(display + (event.line > stretch.line_of(display)))
        return disturbed | {0} if self._disturbed else disturbed

    def _note(
        self, event: Iteration, before: Iteration, each: float, usual: float
    ) -> Sequence[Finding]:
        self._well = 0
        moment = Moment(event.iteration, estimated=False)
        self._slow.append((moment, each))
        if self._first is None:
            self._first = Place(
                event.line,
                moment,
                before.iteration,
                TRAIN,
                kind="time",
                blob="iteration",
                value=each,
            )
        if self._finding is not None or len(self._slow) < self.parameters.displays:
            return ()
        self._finding = self.fire(
            self._first,
            f"Since {{iteration}} an iteration takes {each:.3g} s, {each / usual:.1f} times the "
            f"{usual:.3g} s of this run's beginning.",
            [
                "See who else uses the machine (nvidia-smi, top, iostat); a hot GPU is slower.",
                "Where the log says Waiting for data, the disk or the decoding is the limit.",
            ],
            evidence=list(self._slow)[-_SHOWN:],
        )
        return (self._finding,)

    def _recover(self) -> Sequence[Finding]:
        self._slow.clear()
        self._first = None
        self._well += 1
        if self._finding is None or self._well < self.parameters.displays * self.patience:
            return ()
        ended, self._finding = self._finding, None
        return (self.end(ended),)
