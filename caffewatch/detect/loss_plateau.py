"""A loss that goes nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, log
from typing import ClassVar

from caffewatch.detect.finding import Finding, Severity
from caffewatch.detect.loss import Chance, loss_history, loss_place
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import spell
from caffewatch.log.displays import Display
from caffewatch.log.run import Run

_KNOWN_CHANCES = tuple(log(classes) for classes in (2, 10, 100, 1000))
_WINDOW = 20
_FAR_ABOVE = 1.3
_PROGRESS = 0.9
_UNKNOWN_LENGTH = 50_000
"""Iterations of a run that does not say how many it has."""


class LossPlateauParameters(Parameters):
    """Parameters of `LossPlateau`."""

    displays: int = parameter(40, "displays without progress", "displays", _WINDOW)
    iterations: int = parameter(300, "iterations without progress", "iterations", 0)
    share: float = parameter(
        0.1, "share of max_iter without progress: large nets need long", "ratio", 0, 1
    )
    chance: float = parameter(
        0.95,
        "share of the loss of guessing at or above which nothing is learned",
        "ratio",
        0.0,
        1.0,
    )
    flat: float = parameter(
        1e-4, "spread over mean of the loss below which it stands still", "ratio", 0.0
    )
    rate_share: float = parameter(
        1e-6, "of its highest value, below which a learning rate allows no progress", "ratio", 0.0
    )


class LossPlateau(Rule[LossPlateauParameters]):
    """The loss makes no progress over a long stretch.

    Three forms: it stays at the loss of guessing, ln(number of classes), for ``displays`` displays,
    ``iterations`` iterations and ``share`` of the run; it stands still to within ``flat``; or it
    stays far above 0 while the learning rate has decayed to nothing.

    Silent on a net that has learned and creeps on or stops improving: that is how training ends.

    Source: BTTackler calls std/mean below 1e-4 a flat loss; the loss of guessing is arithmetic.
    """

    id: ClassVar[str] = "loss_plateau"
    title: ClassVar[str] = "loss makes no progress"
    severities: ClassVar[tuple[Severity, ...]] = ("warning",)
    Parameters: ClassVar[type[Parameters]] = LossPlateauParameters
    layered: ClassVar[bool] = False

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._finding: Finding | None = None
        self._chance = Chance()
        self._before = 0.0
        self._began: Display | None = None
        self._count = 0
        self._slow: Display | None = None
        self._highest = 0.0
        self._rate: float | None = None

    def on_display(self, display: Display) -> Sequence[Finding]:
        """Look at the last stretch of losses."""
        if self._began is None:
            self._began, self._count = display, 0
        self._count += 1
        if self.run.learning_rate != self._rate:
            self._watch_rate(display)
        if self._finding is None and self._moves(display.loss):
            return ()
        level = self.run.displays.level(_WINDOW)
        if level is None or not isfinite(level) or level <= 0:
            return ()
        found = self._at_chance(display, level) or self._still(level) or self._starved(level)
        if found is None:
            return self._progress(level)
        if self._finding is not None:
            return ()
        began, text, advice = found
        self._finding = self.fire(
            loss_place(began, self.run, level), text, advice, evidence=loss_history(self.run)
        )
        return (self._finding,)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether no display is one to find a plateau at, or one at which it ends."""
        least = max(self._highest, survey.fastest) * self.parameters.rate_share
        if self._finding is not None:
            rate = survey.slowest if self._slow is None else survey.fastest
            return self._lasts(self._finding, survey) and (rate > least) == (self._slow is None)
        if self._slow is not None or survey.slowest <= least or not self.run.net.layers:
            return False
        guess, losses = self._chance.of(self.run.net), survey.losses
        if guess is not None and max(losses) >= self.parameters.chance * guess:
            return False
        alike = survey.notes[self] = self._alike(survey)
        if not alike:
            return True
        before = self.run.displays.latest(max(_WINDOW, self.parameters.displays))
        return (
            len(before) >= _WINDOW
            and min(losses) > 0
            and not any(self._may_stand_still([*before, *losses[: at + 1]], guess) for at in alike)
        )

    def pass_over(self, survey: Survey) -> None:
        """Count displays; remember the last, and the rates."""
        if self._finding is not None:
            self._rate, self._highest = survey.stretch.rates[-1], max(self._highest, survey.fastest)
            return
        alike = survey.notes[self]
        if self._began is None:
            self._began, self._count = survey.display(0), 0
        self._rate, self._highest = survey.stretch.rates[-1], max(self._highest, survey.fastest)
        self._count += len(survey.losses)
        self._before = survey.losses[-1]
        if not alike or self._chance.of(self.run.net) is None:
            return
        # The last of these was far below guessing: what may begin does so behind it.
        begins, count = alike[-1] + 1, len(survey.losses)
        self._began = survey.display(begins) if begins < count else None
        self._count = count - begins

    def _lasts(self, finding: Finding, survey: Survey) -> bool:
        """Tell whether all levels are where a plateau is not over yet."""
        value = finding.place.value
        return value is None or (
            min(*self.run.displays.latest(_WINDOW), *survey.losses) > _PROGRESS * value
        )

    def _alike(self, survey: Survey) -> list[int]:
        """Return the displays whose loss is about that of the one before."""
        flat, losses = self.parameters.flat, survey.losses
        pairs = enumerate(zip((self._before, *losses), losses, strict=False))
        return [at for at, (before, loss) in pairs if abs(loss - before) <= flat * loss]

    def _may_stand_still(self, losses: Sequence[float], guess: float | None) -> bool:
        """Tell whether the last of these losses are near guessing, or about the same."""
        level = sum(losses[-_WINDOW:]) / _WINDOW
        if guess is not None and level >= self.parameters.chance * guess:
            return True
        last = losses[-self.parameters.displays :]
        return max(last) - min(last) <= self.parameters.flat * max(last)

    def _moves(self, loss: float) -> bool:
        """Tell quickly that this is no display to find a plateau at."""
        before, self._before = self._before, loss
        if self._slow is not None or abs(loss - before) <= self.parameters.flat * loss:
            return False
        guess = self._chance.of(self.run.net)
        return bool(self.run.net.layers) and (
            guess is None or loss < self.parameters.chance * guess
        )

    def _at_chance(self, display: Display, level: float) -> tuple[Display, str, list[str]] | None:
        began = self._began
        guess = self._guess(level)
        if began is None or guess is None:
            return None
        if not self.parameters.chance * guess <= level <= _FAR_ABOVE * guess:
            self._began = None
            return None
        lasted = display.iteration - began.iteration
        if lasted < self._needed() or self._count < self.parameters.displays:
            return None
        text = (
            f"Since {{iteration}} the loss stays at {spell(level)}: a net that guesses has "
            f"{spell(guess)}, the logarithm of the number of classes. Nothing has been learned in "
            f"{lasted} iterations."
        )
        return began, text, _AT_CHANCE

    def _needed(self) -> float:
        last = self.run.max_iterations
        whole = _UNKNOWN_LENGTH if last is None else last
        return max(self.parameters.iterations, self.parameters.share * whole)

    def _guess(self, level: float) -> float | None:
        known = self._chance.of(self.run.net)
        if known is not None or self.run.net.layers:
            return known
        start = self.run.displays.start or 0.0
        near = (x for x in _KNOWN_CHANCES if abs(level - x) < 0.02 * x and abs(start - x) < 0.1 * x)
        return next(near, None)

    def _still(self, level: float) -> tuple[Display, str, list[str]] | None:
        recent = self.run.displays.recent
        start, flat = self.run.displays.start or 0.0, self.parameters.flat * level
        if level < 0.2 * start or abs(recent[-1].loss - recent[-2].loss) > flat:
            return None
        stretch = list(recent)[-self.parameters.displays :]
        if len(stretch) < self.parameters.displays:
            return None
        losses = [x.loss for x in stretch]
        if max(losses) - min(losses) > flat:
            return None
        text = f"Since {{iteration}} the loss stands still at {spell(level)}."
        return stretch[0], text, _STILL

    def _watch_rate(self, display: Display) -> None:
        self._rate = rate = self.run.learning_rate
        if rate is None or not isfinite(rate):
            return
        self._highest = max(self._highest, rate)
        if rate > self._highest * self.parameters.rate_share:
            self._slow = None
        elif self._slow is None:
            self._slow = display

    def _starved(self, level: float) -> tuple[Display, str, list[str]] | None:
        start, recent = self.run.displays.start or 0.0, self.run.displays.recent
        slow = self._slow
        if slow is None or len(recent) < 2 * _WINDOW or level < 0.2 * start:
            return None
        before = [x.loss for x in recent][-2 * _WINDOW : -_WINDOW]
        if recent[-1].iteration - slow.iteration < self._needed():
            return None
        if recent[-_WINDOW].iteration < slow.iteration or level < 0.98 * sum(before) / _WINDOW:
            return None
        text = (
            f"Since {{iteration}} the loss stays at {spell(level)}, {100 * level / start:.0f}% of "
            f"its start, at a learning rate of {self.run.learning_rate:g}."
        )
        return slow, text, _STARVED

    def _progress(self, level: float) -> Sequence[Finding]:
        finding = self._finding
        if (
            finding is None
            or finding.place.value is None
            or level > _PROGRESS * finding.place.value
        ):
            return ()
        self._finding = self._began = None
        return (self.end(finding),)


_AT_CHANCE = [
    "Check the labels: shuffled against the images, or random, they give just this.",
    "Raise base_lr by a factor of 3 to 10, or initialise with xavier or msra: the gradients may "
    "be too small to leave the start.",
    "Let the net overfit a hundred samples first: if it cannot, something is wired wrongly.",
]
_STILL = [
    "Look whether any weight changes at all (lr_mult, learning rate, gradients of 0).",
    "The same batch every time, or a loss that does not depend on the weights, looks like this.",
]
_STARVED = ["Resume from the last snapshot with a gentler lr_policy: at this rate nothing moves."]
