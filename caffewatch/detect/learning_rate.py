"""A learning rate with which nothing can be learned."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import ClassVar

from caffewatch.detect.finding import Evidence, Finding, Place, Severity
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.log.events import TRAIN, LearningRate, Moment
from caffewatch.log.run import Run


class LearningRateParameters(Parameters):
    """Parameters of `LearningRateRule`."""

    share: float = parameter(
        1e-7, "of its highest value, at or below which the rate is nothing", "ratio", 0.0, 1.0
    )
    remaining: float = parameter(0.1, "of max_iter that must still be ahead", "ratio", 0.0, 1.0)
    displays: int = parameter(3, "displays in a row, and above it to be over", "displays", 1)


class LearningRateRule(Rule[LearningRateParameters]):
    """The learning rate is negative, 0, or has decayed to nothing while there is far to go.

    Fires when it stays at or below ``share`` of its highest value for ``displays`` displays while
    more than ``remaining`` of max_iter is ahead. A float32 weight has about seven digits: steps
    below 1e-7 of it are lost.

    Silent on policies that end at 0 (poly), on a first display at 0 (warm-up), and on nan, which
    is non_finite's.

    Source: the digits of a float32; in the labelled runs healthy rates stay above 1e-2 of their
    highest, broken ones reach 1e-19.
    """

    id: ClassVar[str] = "learning_rate"
    title: ClassVar[str] = "learning rate gone"
    severities: ClassVar[tuple[Severity, ...]] = ("warning",)
    Parameters: ClassVar[type[Parameters]] = LearningRateParameters
    layered: ClassVar[bool] = False

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._highest = 0.0
        self._low: list[Evidence] = []
        self._count = 0
        self._first: Place | None = None
        self._well = 0
        self._finding: Finding | None = None

    def on_learning_rate(self, event: LearningRate) -> Sequence[Finding]:
        """Compare the rate with its highest."""
        if not isfinite(event.rate):
            return ()
        if not self._highest:
            self._highest = _base(self.run)
        self._highest = max(self._highest, event.rate)
        if event.rate > self._highest * self.parameters.share and event.rate > 0:
            return self._recover() if self._low or self._finding is not None else ()
        self._well = 0
        moment = Moment(event.iteration, estimated=False)
        before = self.run.previous_iteration
        if self._first is None:
            self._first = Place(
                event.line, moment, before, TRAIN, kind="lr", blob="lr", value=event.rate
            )
        self._low = [*self._low[-7:], (moment, event.rate)]
        self._count += 1
        if self._finding is not None or self._count < self.parameters.displays:
            return ()
        if not self._far_to_go(event.iteration):
            return ()
        self._finding = self.fire(
            self._first, self._text(event), self._advise(), evidence=self._low
        )
        return (self._finding,)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether the rate stays high enough, or as low as it was told to be."""
        if not self._highest:
            return False
        if self._low:
            told = self._finding is not None or self._is_late(survey.stretch.iterations[0])
            return told and survey.fastest <= max(0.0, self._highest * self.parameters.share)
        if self._finding is not None:
            return False
        highest = max(self._highest, survey.fastest)
        return survey.slowest > highest * self.parameters.share and survey.slowest > 0

    def pass_over(self, survey: Survey) -> None:
        """Remember the highest rate."""
        self._highest = max(self._highest, survey.fastest)

    def _is_late(self, iteration: int) -> bool:
        """Tell whether the rate has been low for long enough to be told, but the end is near."""
        return self._count >= self.parameters.displays and not self._far_to_go(iteration)

    def _recover(self) -> Sequence[Finding]:
        self._low, self._count, self._first = [], 0, None
        self._well += 1
        if self._finding is None or self._well < self.parameters.displays * self.patience:
            return ()
        ended, self._finding = self._finding, None
        return (self.end(ended),)

    def _far_to_go(self, iteration: int) -> bool:
        last = self.run.max_iterations
        return last is None or last - iteration > self.parameters.remaining * last

    def _text(self, event: LearningRate) -> str:
        if event.rate < 0:
            return (
                f"Since {{iteration}} the learning rate is negative ({event.rate:g}): it unlearns."
            )
        if not self._highest:
            return "Since {iteration} the learning rate is 0: the weights stand still."
        left = ""
        if self.run.max_iterations is not None:
            left = f" with {self.run.max_iterations - event.iteration} iterations to go"
        return (
            f"Since {{iteration}} the learning rate is {event.rate:g}, next to nothing beside "
            f"{self._highest:g}{left}: the weights stand still."
        )

    def _advise(self) -> list[str]:
        if self._highest <= 0 or self._low[-1][1] < 0:
            return [f"Set base_lr above 0 (it is {self.run.solver.get('base_lr', 'not given')})."]
        policy = self.run.solver.get("lr_policy", "the policy").strip('"')
        named = {
            name: self.run.solver[name]
            for name in ("gamma", "stepsize", "stepvalue", "power")
            if name in self.run.solver
        }
        given = "".join(f", {name} {value}" for name, value in named.items())
        return [
            f"Look at lr_policy ({policy}{given}): it decays faster than max_iter allows.",
            "Stop the job, or resume from the last snapshot with a gentler policy: nothing more "
            "is learned at this rate.",
        ]


def _base(run: Run) -> float:
    try:
        return float(run.solver.get("base_lr", "0"))
    except ValueError:
        return 0.0
