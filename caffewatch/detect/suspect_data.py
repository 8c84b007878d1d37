"""A task that is too easy to be true, and tests that do not follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

from caffewatch.detect.finding import Finding, Place, Severity
from caffewatch.detect.loss import Chance, loss_history, loss_place
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.words import enumerate_layers, spell
from caffewatch.log.displays import Display, Tested
from caffewatch.log.events import Moment, Solving
from caffewatch.log.run import Run


@dataclass(frozen=True, kw_only=True)
class SuspectDataParameters(Parameters):
    """Parameters of `SuspectData`."""

    displays: int = parameter(5, "first displays that must all have a loss of 0", "displays", 1)
    tests: int = parameter(6, "tests in a row that do not follow", "tests", 2)
    iterations: int = parameter(
        1000, "iterations before a test is expected to follow", "iterations", 0
    )
    ignored: float = parameter(
        0.8, "layers ignored in finetuning, as a share of those the net has", "ratio", 0.0
    )
    learned: float = parameter(
        0.1, "share of its first loss at or below which training has learned", "ratio", 0.0, 1.0
    )


class SuspectData(Rule[SuspectDataParameters]):
    """Labels, data or nets that do not fit each other.

    Three forms. The loss is 0 from the first displays on: labels that are all the same, or a loss
    that does not see them. Training has learned (its loss is down to ``learned`` of the start) but
    ``tests`` tests after ``iterations`` iterations are no better than guessing: other labels,
    another preprocessing, or BatchNorm's global statistics in the test net. Or finetuning ignored
    ``ignored`` times as many layers of the file as the net has, so that nothing was loaded.

    Silent on a run that was resumed, on the first tests of BatchNorm nets, and where the log does
    not say how many classes there are.

    Source: the loss of guessing is arithmetic.
    """

    id: ClassVar[str] = "suspect_data"
    title: ClassVar[str] = "data or labels suspect"
    severities: ClassVar[tuple[Severity, ...]] = ("warning",)
    Parameters: ClassVar[type[Parameters]] = SuspectDataParameters

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._chance = Chance()
        self._behind: list[Tested] = []
        self._finding: Finding | None = None

    def on_solving(self, event: Solving) -> Sequence[Finding]:
        """Look at what finetuning loaded, when set-up is over."""
        loaded, ignored = self.run.loaded, self.run.ignored_layers
        if loaded is None or loaded.resumed or not ignored or self._finding is not None:
            return ()
        names = [x.name for x in self.run.net.layers.values() if x.kind != "Split"]
        if self.run.copied_layers or len(set(ignored)) < self.parameters.ignored * len(names):
            return ()
        place = Place(event.line, Moment(0, estimated=False), None, kind="weights")
        self._finding = self.fire(
            place,
            f"Finetuning from {loaded.path} ignored {len(set(ignored))} layers of that file "
            f"({enumerate_layers(ignored)}), about as many as this net has: nothing was loaded.",
            ["Layers are matched by name: rename them, or take the weights of the same net."],
        )
        return (self._finding,)

    def on_display(self, display: Display) -> Sequence[Finding]:
        """Look at the first losses."""
        displays, run = self.run.displays, self.run
        if displays.count != self.parameters.displays or run.loaded is not None:
            return ()
        if self._finding is not None or any(x.loss != 0 for x in displays.recent):
            return ()
        self._finding = self.fire(
            loss_place(displays.recent[0], run),
            "Since {iteration} the loss is 0: there is nothing to learn from.",
            [
                "Check the labels (all the same?) and that the loss gets them: its second bottom.",
                "Check loss_weight and ignore_label.",
            ],
            evidence=loss_history(run),
        )
        return (self._finding,)

    def on_tested(self, test: Tested) -> Sequence[Finding]:
        """Compare a test's loss with guessing, once training has learned."""
        guess, progress = self._chance.of(self.run.net), self.run.displays.progress()
        begun = self.run.first_iteration or 0
        if guess is None or progress is None or test.loss is None or not isfinite(test.loss):
            return ()
        late = test.iteration - begun >= self.parameters.iterations
        if test.loss < 0.9 * guess or progress > self.parameters.learned or not late:
            return self._follow(test)
        self._behind = [*self._behind, test][-self.parameters.tests :]
        if self._finding is not None or len(self._behind) < self.parameters.tests:
            return ()
        if min(x.loss or 0.0 for x in self._behind) < (self._best or guess) * 0.9:
            return ()
        began = self._behind[0]
        place = Place(
            began.line,
            Moment(began.iteration, estimated=False),
            None,
            test.net,
            kind="output",
            blob="loss",
            value=began.loss,
        )
        self._finding = self.fire(
            place,
            f"Since {{iteration}} training has learned but the test loss is {spell(test.loss)}, no "
            f"better than guessing ({spell(guess)}).",
            _ADVICE,
        )
        return (self._finding,)

    _best: float | None = None

    def _follow(self, test: Tested) -> Sequence[Finding]:
        self._behind = []
        if test.loss is not None:
            self._best = test.loss if self._best is None else min(self._best, test.loss)
        return ()


_ADVICE = [
    "Compare the test net's data layer with the training net's: labels, mean, scale, channels.",
    "With BatchNorm, see that the test net uses global statistics (use_global_stats) and that "
    "training has run long enough to fill them.",
    "Evaluate the training set with the test net: if that fails too, the test net is wrong.",
]
