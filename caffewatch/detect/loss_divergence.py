"""A loss that has left for good."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite
from typing import ClassVar

from caffewatch.detect.finding import Finding, Severity
from caffewatch.detect.loss import chance, is_fresh, loss_history, loss_place
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import spell
from caffewatch.log.displays import FIRST, Display
from caffewatch.log.run import Run


class LossDivergenceParameters(Parameters):
    """Parameters of `LossDivergence`."""

    severity: Severity = parameter("critical", "how loud its findings are")
    factor: float = parameter(10.0, "times the highest loss of the start", "ratio", 1.0)
    loaded_factor: float = parameter(
        100.0, "the same for a run that began from trained weights, and so low", "ratio", 1.0
    )
    displays: int = parameter(3, "displays in a row, and below it to be over", "displays", 1)


class LossDivergence(Rule[LossDivergenceParameters]):
    """The loss is far above where it began, and stays there.

    Fires when ``displays`` displays in a row are ``factor`` times above the highest of the run's
    first five. A run that was resumed or finetuned, or whose log begins in its midst, begins low,
    so that a jitter of a factor of ten is nothing: there it takes ``loaded_factor``, or a loss well
    above chance.

    Silent on single spikes, also where ``average_loss`` draws them out, on a loss that is high from
    the start, and on one below 0 that is no further from it than before.

    Source: Megatron-LM calls ten times the first losses a divergence; in the labelled runs healthy
    losses stay below 1.2 times their highest start.
    """

    id: ClassVar[str] = "loss_divergence"
    title: ClassVar[str] = "loss diverges"
    severities: ClassVar[tuple[Severity, ...]] = ("critical",)
    Parameters: ClassVar[type[Parameters]] = LossDivergenceParameters
    layered: ClassVar[bool] = False

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._streak: list[Display] = []
        self._below = 0
        self._highest = 0.0
        self._limit: float | None = None
        self._finding: Finding | None = None

    def on_display(self, display: Display) -> Sequence[Finding]:
        """Compare a loss with the run's first ones."""
        if not isfinite(display.loss) or self.run.displays.count <= FIRST:
            return ()
        if self._limit is None:
            # A loss below 0, as a critic's, began as far from 0 as it was.
            first = filter(isfinite, self.run.displays.first)
            self._highest = max(map(abs, first), default=0.0)
            self._limit = self._bound(self._highest) or inf
        highest = self._highest
        if display.loss < self._limit:
            return self._recover() if self._finding is not None or self._streak else ()
        self._below = 0
        # One huge value stays in the average for as long as that reaches.
        needed = self.parameters.displays + self.run.loss_window - 1
        self._streak = [*self._streak[: needed - 1], display]
        if self._finding is not None or len(self._streak) < needed:
            return ()
        began = self._streak[0]
        self._finding = self.fire(
            loss_place(began, self.run),
            f"Since {{iteration}} the loss is {spell(display.loss)}, "
            f"{display.loss / highest:.0f} times the highest of its start ({spell(highest)}).",
            self._advise(),
            evidence=loss_history(self.run),
        )
        return (self._finding,)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether no loss is too high, or all are where that has been told."""
        if self._limit is None:
            return False
        if self._finding is None:
            return not self._streak and max(survey.losses) < self._limit
        if self._below or not self._streak:
            return False
        return min(survey.losses) >= self._limit

    def _bound(self, highest: float) -> float:
        bound = highest * self.parameters.factor
        if is_fresh(self.run):
            return bound
        guess = chance(self.run.net)
        high = highest * self.parameters.loaded_factor
        return high if guess is None else min(high, max(bound, 2 * guess))

    def _recover(self) -> Sequence[Finding]:
        if self._streak:
            self._streak = []
        self._below += 1
        if self._finding is None or self._below < self.parameters.displays * self.patience:
            return ()
        ended, self._finding = self._finding, None
        return (self.end(ended),)

    def _advise(self) -> list[str]:
        rate = self.run.learning_rate
        lower = "Lower base_lr to a tenth"
        if rate is not None:
            lower += f" (the rate was {rate:g}, try {rate / 10:g})"
        advice = [lower + ", or warm it up.", "Clip gradients: clip_gradients: 35 in the solver."]
        if self.run.snapshots:
            began = self._streak[0].iteration
            good = [s.path for s in self.run.snapshots if s.iteration and s.iteration < began]
            if good:
                advice.append(f"Go back to {good[-1]}, from before it left.")
        return advice
