"""A task that is too easy to be true, and tests that do not follow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite
from typing import ClassVar

from caffewatch.detect.finding import Finding, Place, Severity
from caffewatch.detect.loss import Chance, is_fresh, loss_history, loss_place
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import enumerate_layers, spell
from caffewatch.log.displays import Display, Tested
from caffewatch.log.events import TRAIN, Moment, Solving
from caffewatch.log.run import Run


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

    Four forms. The loss is 0 from the first displays on, or the accuracy of the untrained net is
    1: labels that are all the same, or a loss that does not see them. Training has learned (its
    loss is down to ``learned`` of the start) but ``tests`` tests after ``iterations`` iterations
    are no better than guessing: other labels, another preprocessing, or BatchNorm's global
    statistics in the test net. Or finetuning ignored ``ignored`` times as many layers of the file
    as the net has, those of the beginning among them, so that next to nothing was loaded.

    Silent on a run that was resumed, on tests that were better once or are coming down, as those
    of BatchNorm nets do, on nets cut off behind their first layers, and where the log does not say
    how many classes there are.

    Source: the loss of guessing is arithmetic.
    """

    id: ClassVar[str] = "suspect_data"
    title: ClassVar[str] = "data or labels suspect"
    severities: ClassVar[tuple[Severity, ...]] = ("warning",)
    Parameters: ClassVar[type[Parameters]] = SuspectDataParameters
    layered: ClassVar[bool] = False

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._chance = Chance()
        self._behind: dict[str, list[Tested]] = {}
        self._followed: set[str] = set()
        self._finding: Finding | None = None

    def on_solving(self, event: Solving) -> Sequence[Finding]:
        """Look at what finetuning loaded, when set-up is over."""
        loaded, ignored = self.run.loaded, self.run.ignored_layers
        if loaded is None or loaded.resumed or self._finding is not None:
            return ()
        names = [x.name for x in self.run.net.layers.values() if x.kind != "Split"]
        few = len(ignored) < max(1, self.parameters.ignored * len(names))
        if few or self.run.copied_layers or not any(map(_is_first, ignored)):
            return ()
        place = Place(event.line, Moment(0, estimated=False), None, kind="weights")
        self._finding = self.fire(
            place,
            f"Finetuning from {loaded.path} ignored {len(ignored)} layers of that file "
            f"({enumerate_layers(ignored)}); this net has {len(names)}: next to nothing was "
            "loaded.",
            ["Layers are matched by name: rename them, or take the weights of the same net."],
        )
        return (self._finding,)

    def on_display(self, display: Display) -> Sequence[Finding]:
        """Look at the first losses."""
        if self._finding is not None and display.loss > 0:
            return self._end(TRAIN)
        displays = self.run.displays
        if displays.count != self.parameters.displays or not is_fresh(self.run):
            return ()
        if self._finding is not None or any(x.loss != 0 for x in displays.recent):
            return ()
        self._finding = self.fire(
            loss_place(displays.recent[0], self.run),
            "Since {iteration} the loss is 0: there is nothing to learn from.",
            _TOO_EASY,
            evidence=loss_history(self.run),
        )
        return (self._finding,)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether the first losses are over, and no finding begins or ends with any test."""
        displays = self.run.displays
        if displays.count < self.parameters.displays or self._is_of(TRAIN):
            return False
        behind, followed = survey.notes[self] = dict(self._behind), set(self._followed)
        for test, level in survey.tests:
            follows = self._follows(test, displays.progress(level), behind, followed)
            begins = follows is False and self._finding is None
            ends = follows and self._is_of(test.net)
            if begins or ends or test.iteration == 0:
                return False
        return True

    def pass_over(self, survey: Survey) -> None:
        """Remember how the tests follow."""
        self._behind, self._followed = survey.notes[self]

    def on_tested(self, test: Tested) -> Sequence[Finding]:
        """Compare a test's loss with guessing, once training has learned."""
        if test.iteration == 0:
            return self._look_at_accuracy(test)
        progress = self.run.displays.progress()
        follows = self._follows(test, progress, self._behind, self._followed)
        if follows:
            return self._end(test.net)
        if follows is None or self._finding is not None:
            return ()
        behind = self._behind[test.net]
        self._finding = self.fire(
            _place(behind[0], "loss", behind[0].loss),
            f"Since {{iteration}} training has learned but the test loss is "
            f"{spell(test.loss or 0.0)}, no better than guessing "
            f"({spell(self._chance.of(self.run.net) or 0.0)}).",
            _BEHIND,
            evidence=[(Moment(x.iteration, estimated=False), x.loss or 0.0) for x in behind],
        )
        return (self._finding,)

    def _follows(
        self, test: Tested, progress: float | None, behind: dict[str, list[Tested]],
        followed: set[str],
    ) -> bool | None:  # fmt: skip
        """Tell whether a test is better than guessing; None where that is to be seen.

        Parameters
        ----------
        progress
            The training loss then, as a share of its start.
        behind, followed
            The tests that did not follow, by net, and the nets that did once.
        """
        guess, net = self._chance.of(self.run.net), test.net
        if guess is None or progress is None or test.loss is None or not isfinite(test.loss):
            return None
        good = test.loss < 0.9 * guess
        late = test.iteration - (self.run.first_iteration or 0) >= self.parameters.iterations
        if good or progress > self.parameters.learned or not late:
            behind.pop(net, None)
            if good:
                followed.add(net)
            return good or None
        behind[net] = tests = [*behind.get(net, ()), test][-self.parameters.tests :]
        coming_down = test.loss < (tests[0].loss or 0.0) / 2
        undecided = net in followed or coming_down or len(tests) < self.parameters.tests
        return None if undecided else False

    def _look_at_accuracy(self, test: Tested) -> Sequence[Finding]:
        outputs = self.run.test_outputs.values()
        right = [x for x in outputs if x.net == test.net and "accuracy" in x.name.lower()]
        if self._finding is not None or self.run.loaded is not None:
            return ()
        if not right or min(x.value for x in right) < 1 or not isfinite(test.loss or 0.0):
            return ()
        self._finding = self.fire(
            _place(test, right[0].name, right[0].value),
            "At {iteration} the accuracy of the untrained net is 1: the task is none.",
            _TOO_EASY,
        )
        return (self._finding,)

    def _is_of(self, net: str) -> bool:
        """Tell whether there is a finding about the losses of a net."""
        if self._finding is None:
            return False
        place = self._finding.place
        return place.net == net and place.blob == "loss"

    def _end(self, net: str) -> Sequence[Finding]:
        """Resolve what was seen of the losses of a net."""
        ended = self._finding
        if ended is None or not self._is_of(net):
            return ()
        self._finding = None
        return (self.end(ended),)


def _place(test: Tested, blob: str, value: float | None) -> Place:
    moment = Moment(test.iteration, estimated=False)
    return Place(test.line, moment, None, test.net, kind="output", blob=blob, value=value)


def _is_first(layer: str) -> bool:
    """Tell whether a layer's name says that it is one of the first: conv1, ip1, block1/conv."""
    number = re.search(r"\d+", layer)
    return number is not None and int(number[0]) == 1 and not layer.startswith("loss")


_TOO_EASY = [
    "Check the labels (all the same?) and that the loss gets them: its second bottom.",
    "Check loss_weight and ignore_label.",
]
_BEHIND = [
    "Compare the test net's data layer with the training net's: labels, mean, scale, channels.",
    "With BatchNorm, see that the test net uses global statistics (use_global_stats) and that "
    "training has run long enough to fill them.",
    "Evaluate the training set with the test net: if that fails too, the test net is wrong.",
]
