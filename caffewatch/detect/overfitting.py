"""A net that learns its training data by heart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from math import inf, isfinite
from typing import ClassVar

from caffewatch.detect.finding import Evidence, Finding, Place, Severity
from caffewatch.detect.layout import UNLEARNED
from caffewatch.detect.loss import Untrained
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import spell
from caffewatch.log.displays import FIRST, Tested
from caffewatch.log.events import Moment
from caffewatch.log.run import Run
from caffewatch.log.slotted import slotted


class OverfittingParameters(Parameters):
    """Parameters of `Overfitting`."""

    factor: float = parameter(2.5, "times its best that the test loss must reach", "ratio", 1.0)
    least: float = parameter(
        0.05, "share of the untrained net's loss below which any test loss is good", "ratio", 0.0
    )
    progress: float = parameter(
        0.9, "share of the untrained net's loss above which nothing was learned", "ratio", 0.0, 1.0
    )
    settle: int = parameter(
        1000, "iterations before which tests of a BatchNorm net do not count", "iterations", 0
    )
    tests: int = parameter(3, "tests in a row, and below it to be over", "tests", 1)


@slotted
class _Net:
    """What is known of a test net."""

    best: Tested | None = None
    level_at_best: float = inf
    rising: list[Tested] = field(default_factory=list)
    below: int = 0
    history: list[Evidence] = field(default_factory=list)
    is_signed: bool = False


class Overfitting(Rule[OverfittingParameters]):
    """The test loss has risen well above its best while the training loss fell.

    Fires when ``tests`` tests in a row are ``factor`` times above the best before them, and the
    training loss is no higher than it was at that best and shows that something was learned.

    Silent on a single wild test, on test losses near 0, which jitter, on nets whose test loss has
    been below 0, where no ratio means anything, and on the first tests of BatchNorm nets, which
    start at 80 and jump until its statistics ``settle``.

    Source: SageMaker Debugger compares validation with training at 10 %, far too tight for small
    test sets: in the labelled runs healthy tests rise to 2 times their best for a moment, those
    that overfit to 5 times for good.
    """

    id: ClassVar[str] = "overfitting"
    title: ClassVar[str] = "overfitting"
    severities: ClassVar[tuple[Severity, ...]] = ("warning",)
    Parameters: ClassVar[type[Parameters]] = OverfittingParameters
    layered: ClassVar[bool] = False

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._untrained = Untrained(run)
        self._nets: dict[str, _Net] = {}
        self._finding: Finding | None = None

    def on_tested(self, test: Tested) -> Sequence[Finding]:
        """Compare a test's loss with the best before it."""
        if self._is_unfit(test):
            return ()
        net = self._nets.setdefault(test.net, _Net())
        level = self.run.displays.level(min(FIRST, self.run.displays.count or 1))
        self._step(net, test, level)
        if not self._changes(net, test.net):
            return ()
        ended = self._finding
        if ended is not None:
            self._finding = None
            return (self.end(ended),)
        self._finding = self._fire(net, test, level)
        return (self._finding,)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether with none of the tests a finding begins or ends."""
        nets: dict[str, _Net] = {}
        survey.notes[self] = nets
        for test, level in survey.tests:
            if self._is_unfit(test):
                continue
            net = nets.get(test.net) or replace(self._nets.get(test.net) or _Net())
            nets[test.net] = net
            self._step(net, test, level)
            if self._changes(net, test.net):
                return False
        return True

    def pass_over(self, survey: Survey) -> None:
        """Remember the tests."""
        self._nets |= survey.notes[self]

    def _step(self, net: _Net, test: Tested, level: float | None) -> None:
        """Take a test, and the mean of the training losses before it."""
        loss = test.loss or 0.0
        net.history = [*net.history[-7:], (Moment(test.iteration, False), loss)]
        net.is_signed = net.is_signed or loss < 0
        if net.best is None or loss < (net.best.loss or 0.0):
            net.best, net.level_at_best = test, inf if level is None else level
        if self._above(net, test, level):
            net.below = 0
            net.rising = [*net.rising[: self.parameters.tests - 1], test]
        else:
            net.below += 1
            net.rising = []

    def _changes(self, net: _Net, name: str) -> bool:
        """Tell whether with the last test of a net a finding begins or ends."""
        if self._finding is None:
            return len(net.rising) >= self.parameters.tests
        needed = self.parameters.tests * self.patience
        return self._finding.place.net == name and net.below >= needed

    def _is_unfit(self, test: Tested) -> bool:
        """Tell whether there is no loss, or BatchNorm's statistics are still the first passes'."""
        if test.loss is None or not isfinite(test.loss):
            return True
        if test.iteration - (self.run.first_iteration or 0) >= self.parameters.settle:
            return False
        return any(layer.kind in UNLEARNED for layer in self.run.net.layers.values())

    def _above(self, net: _Net, test: Tested, level: float | None) -> bool:
        best = net.best
        if best is None or not best.loss or test.loss is None or level is None or net.is_signed:
            return False
        if level > net.level_at_best or self._untrained.still(self.parameters.progress, level):
            return False
        untrained = self._untrained.loss or 0.0
        least = max(self.parameters.factor * best.loss, self.parameters.least * untrained)
        return test.loss >= least

    def _fire(self, net: _Net, test: Tested, level: float | None) -> Finding:
        began, best = net.rising[0], net.best or test
        place = Place(
            began.line,
            Moment(began.iteration, estimated=False),
            best.iteration,
            test.net,
            kind="output",
            blob="loss",
            value=began.loss,
        )
        text = (
            f"Since {{iteration}} the test loss is above {self.parameters.factor:g} times its "
            f"best: it was {spell(best.loss or 0.0)} at iteration {best.iteration} and is "
            f"{spell(test.loss or 0.0)} now, while the training loss fell to {spell(level or 0.0)}."
        )
        near = [s.path for s in self.run.snapshots if s.iteration and s.iteration <= best.iteration]
        if near:
            best_one = f"Use {near[-1]}, the snapshot nearest to iteration {best.iteration}."
        else:
            best_one = f"Snapshot more often: none was written up to iteration {best.iteration}."
        advice = [
            best_one,
            "Stop earlier, or raise weight_decay (0.0005 is usual), add Dropout, augment the data.",
            "Get more data, or take a smaller net.",
        ]
        return self.fire(place, text, advice, evidence=net.history)
