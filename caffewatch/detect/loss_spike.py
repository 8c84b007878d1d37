"""A loss that jumps, and comes back."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from typing import ClassVar

from caffewatch.detect.finding import Finding, Severity
from caffewatch.detect.loss import Untrained, loss_history, loss_place
from caffewatch.detect.middle import median
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import spell
from caffewatch.log.displays import Display
from caffewatch.log.run import Run


class LossSpikeParameters(Parameters):
    """Parameters of `LossSpike`."""

    factor: float = parameter(
        4.5, "times the median of the displays before that a loss must reach", "ratio", 1.0
    )
    above_start: float = parameter(
        1.0, "times the loss of the untrained net that it must reach, too", "ratio", 0.0
    )
    spread: float = parameter(
        2.0, "times the highest of the displays before that it must reach, too", "ratio", 1.0
    )
    history: int = parameter(8, "displays that make a history", "displays", 3, 100)
    within: int = parameter(10, "displays within which it must come back", "displays", 1)
    clear: int = parameter(20, "displays without another spike to be over", "displays", 1)


class LossSpike(Rule[LossSpikeParameters]):
    """A short jump of the loss, far outside its recent spread, that comes back.

    Fires when a display's loss reaches ``factor`` times the median of those before, ``spread``
    times the highest of them and the loss of the untrained net, and falls below half of the jump
    again ``within`` a few displays. What does not come back is loss_divergence.

    Silent on a small loss that jitters by factors of twenty, as trained nets do: no jitter reaches
    the loss of the untrained net, which a resumed run does not show: there it is that of guessing,
    and without that all are silent.

    Source: llm-foundry calls twice the window's mean a spike; single batches of small nets are
    noisier. In the labelled runs spikes are 6.7 to 30 times the median, jitter of healthy runs
    stays below 2.9 times it, and never reaches where they began.
    """

    id: ClassVar[str] = "loss_spike"
    title: ClassVar[str] = "loss spikes"
    severities: ClassVar[tuple[Severity, ...]] = ("warning",)
    Parameters: ClassVar[type[Parameters]] = LossSpikeParameters
    layered: ClassVar[bool] = False

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._untrained = Untrained(run)
        self._before: deque[float] = deque(maxlen=4 * self.parameters.history)
        self._spike: Display | None = None
        self._usual = 0.0
        self._since = 0
        self._finding: Finding | None = None
        self._quiet = 0

    def on_display(self, display: Display) -> Sequence[Finding]:
        """Compare a loss with those before it."""
        if not isfinite(display.loss):
            self._spike = None
            return ()
        if self._spike is not None:
            return self._follow(self._spike, display)
        if len(self._before) >= self.parameters.history:
            start = self._untrained.loss
            high = start is not None and display.loss >= self.parameters.above_start * start > 0
            if high and self._leaps(display.loss):
                self._spike, self._since, self._quiet = display, 0, 0
                return ()
        self._before.append(display.loss)
        return () if self._finding is None else self._calm(self._finding)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether no loss leaps above that of the untrained net, and no finding ends."""
        if self._spike is not None or not self._before:
            return False
        if self._finding is not None and self._quiet + len(survey.losses) >= self._needed:
            return False
        start, losses, spread = self._untrained.loss, survey.losses, self.parameters.spread
        if start is None or max(losses) < self.parameters.above_start * start:
            return True
        return all(x < spread * before for before, x in pairwise((self._before[-1], *losses)))

    def pass_over(self, survey: Survey) -> None:
        """Remember the losses, and how long there was no spike."""
        self._before.extend(survey.losses)
        if self._finding is not None:
            self._quiet += len(survey.losses)

    @property
    def _needed(self) -> int:
        """Displays without a spike after which a finding is over."""
        return self.parameters.clear * self.patience

    def _leaps(self, loss: float) -> bool:
        self._usual = median(self._before)
        usual, most = self.parameters.factor * self._usual, self.parameters.spread
        return loss >= usual and loss >= most * max(self._before)

    def _follow(self, spike: Display, display: Display) -> Sequence[Finding]:
        """Wait for the loss to come back; what stays up is no spike, but the new level."""
        self._since += 1
        if display.loss > self._usual + (spike.loss - self._usual) / 2:
            if self._since >= self.parameters.within + self.run.loss_window - 1:
                self._spike = None
                self._before.clear()
            return ()
        self._spike = None
        self._before.append(display.loss)
        if self._finding is not None:
            return ()
        self._finding = self.fire(
            loss_place(spike, self.run),
            f"At {{iteration}} the loss jumped to {spell(spike.loss)}, "
            f"{spike.loss / self._usual:.0f} times the {spell(self._usual)} that was usual, and "
            f"came back by iteration {display.iteration}."
            if self._usual
            else f"At {{iteration}} the loss jumped to {spell(spike.loss)} from 0 and came back.",
            self._advise(),
            evidence=loss_history(self.run),
        )
        return (self._finding,)

    def _calm(self, finding: Finding) -> Sequence[Finding]:
        self._quiet += 1
        if self._quiet < self._needed:
            return ()
        self._finding = None
        return (self.end(finding),)

    def _advise(self) -> list[str]:
        return [
            "Look for bad samples in the batches of that iteration (wrong scale, corrupt files, "
            "wrong labels); a spike every epoch is the same samples coming round.",
            "Shuffle the data, and clip gradients (clip_gradients: 35 in the solver).",
            "Where it comes without a pattern, lower base_lr by a factor of 2 to 5.",
        ]
