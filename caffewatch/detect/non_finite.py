"""nan and inf: the end of a training, though Caffe goes on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from math import isfinite, log, nan
from typing import ClassVar, NamedTuple

from caffewatch.detect.advice_non_finite import advise
from caffewatch.detect.finding import Evidence, Finding, Origin, Place, Severity
from caffewatch.detect.layout import Layout
from caffewatch.detect.look import Look
from caffewatch.detect.rule import Rule, display_before, place_in
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import describe, spell
from caffewatch.log.events import (
    TRAIN,
    Blob,
    Iteration,
    LearningRate,
    Moment,
    Output,
    Pass,
    TestStarted,
    Update,
)  # fmt: skip
from caffewatch.log.run import Run

_PRINTED = 1e-5
SOFTMAX_FLOOR = -log(1.17549435e-38)
"""87.3365: minus the logarithm of the smallest float32, what Caffe's softmax loss gives for 0."""


class NonFiniteParameters(Parameters):
    """Parameters of `NonFinite`."""

    severity: Severity = parameter("critical", "how loud its findings are")
    displays: int = parameter(
        3, "displays in a row with an output at 87.3365 that count as nan", "displays", 2
    )
    clean: int = parameter(3, "clean displays in a row after which it is over", "displays", 1)


class _Spread(NamedTuple):
    """What else is known where a block of values was seen."""

    layers: Sequence[str] = ()
    origin: Origin | None = None
    weights_bad: bool = False
    evidence: Sequence[Evidence] = ()
    affects: int | None = None
    of: int = 0


class NonFinite(Rule[NonFiniteParameters]):
    """A value is nan or inf.

    Sees any blob value of the training net or a test net, the displayed loss, a net output, the
    learning rate, or an L1 norm that is nan or inf, and names the first in the order of the file:
    what is printed later took it from there. Where the named layer's own parameters are bad in
    the same pass, the true event is the update before. Also sees the hidden form: a training
    output that stays at 87.3365 (minus the logarithm of the smallest float32: the softmax gave
    the true class 0), which GPUs print where the CPU prints nan.

    Silent on an L2 norm that is inf beside finite blobs (a float32 sum that overflows), on 87.3365
    in a test before training or in fewer displays than ``displays``, and on what is no loss while
    the loss is finite: SegNet's accuracy of a class that is in no image of the batch is 0/0.

    Source: Caffe's own arithmetic; there is no threshold to choose.
    """

    id: ClassVar[str] = "non_finite"
    title: ClassVar[str] = "nan or inf"
    severities: ClassVar[tuple[Severity, ...]] = ("critical",)
    Parameters: ClassVar[type[Parameters]] = NonFiniteParameters

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._finding: Finding | None = None
        self._is_hidden = False
        self._dirty = False
        self._coming = False
        self._clean = 0
        self._test: Moment | None = None
        self._floored: dict[int, tuple[int, Place]] = {}

    def on_pass(self, look: Look) -> Sequence[Finding]:
        """Look for the first bad value of a block, then at its L1 norms."""
        if look.finite:
            norms = look.pass_.norms
            if norms is None or all(map(isfinite, norms.l1)):
                return ()
            at = 1 if isfinite(norms.l1[0]) else 0
            line, moment = look.pass_.line, look.pass_.moment
            place = self._elsewhere("norm", "L1", norms.l1[at], line, moment=moment)
            place.quantity = ("data", "diff")[at]
            self._coming = True
            return self._seen(
                place, f"the L1 norm of all parameters' {place.quantity} is {{value}}"
            )
        return self._bad_block(look.pass_, look.layout)

    def on_update(self, event: Update) -> Sequence[Finding]:
        """Look for the first bad value of the [Update] lines behind an iteration."""
        return () if all(map(isfinite, event.values)) else self._bad_block(event)

    def on_test_started(self, event: TestStarted) -> Sequence[Finding]:
        """Note which iteration the test outputs to come belong to."""
        self._test = Moment(event.iteration, estimated=False)
        return ()

    def on_iteration(self, event: Iteration) -> Sequence[Finding]:
        """Look at the displayed loss; count clean displays, each when the next one begins."""
        self._clean = 0 if self._dirty else self._clean + 1
        self._dirty, self._coming = self._coming, False
        ended: Sequence[Finding] = ()
        if self._finding is not None and self._clean >= self.parameters.clean * self.patience:
            ended = (self.end(self._finding),)
            self._finding = None
        if isfinite(event.loss):
            if self.run.outputs:
                return ended  # they tell more
            return (*ended, *self._hidden(-1, "loss", event.loss, None, event.line))
        place = self._elsewhere("loss", "loss", event.loss, event.line)
        return (*ended, *self._seen(place, "the displayed loss is {value}"))

    def on_output(self, event: Output) -> Sequence[Finding]:
        """Look at a net output; the training net's also for the hidden form."""
        if isfinite(event.value):
            if event.net != TRAIN:
                return ()
            return self._hidden(event.index, event.name, event.value, event.weight, event.line)
        if event.weight is None and self._is_aside(event.net):
            return ()
        moment = None if event.net == TRAIN else self._test
        place = self._elsewhere("output", event.name, event.value, event.line, event.net, moment)
        of = "training" if event.net == TRAIN else "test"
        return self._seen(place, f"{of} net output {event.name} is {{value}}")

    def on_learning_rate(self, event: LearningRate) -> Sequence[Finding]:
        """Look at the learning rate."""
        if isfinite(event.rate):
            return ()
        moment = Moment(event.iteration, estimated=False)
        place = self._elsewhere("lr", "lr", event.rate, event.line, moment=moment)
        return self._seen(place, "the learning rate is {value}")

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether there is nothing to see, nor anything open."""
        stretch = survey.stretch
        if self._finding is not None or self._dirty or self._coming or self._floored:
            return False
        if not isfinite(sum(map(sum, stretch.norms[:2]))):
            return False
        shown = [(x.weight, x.values) for x in stretch.outputs] or [(None, stretch.losses)]
        return not any(_may_be_floored(values, weight) for weight, values in shown)

    def pass_over(self, survey: Survey) -> None:
        """Count clean displays; note which test was the last."""
        self._clean += len(survey.stretch)
        if survey.tests:
            self._test = Moment(survey.tests[-1][0].iteration, estimated=False)

    def _elsewhere(
        self,
        kind: str,
        name: str,
        value: float,
        line: int,
        net: str = TRAIN,
        moment: Moment | None = None,
    ) -> Place:
        moment = moment or Moment(self.run.iteration, estimated=False)
        previous = display_before(moment, self.run)
        return Place(line, moment, previous, net, kind=kind, blob=name, value=value)

    def _is_aside(self, net: str) -> bool:
        """Tell whether a net's loss is another output, and of the training net finite."""
        run = self.run
        if net == TRAIN:
            return run.loss is not None and isfinite(run.loss)
        of_test = (x for (of, _), x in run.test_outputs.items() if of == net)
        return any(x.weight is not None for x in (*of_test, *run.outputs.values()))

    def _is_accuracy(self, blob: Blob) -> bool:
        """Tell whether a blob is an accuracy, from which nothing is computed."""
        return blob.kind == "top" and self.run.net.layer(blob.layer).kind == "Accuracy"

    def _bad_block(self, pass_: Pass, layout: Layout | None = None) -> Sequence[Finding]:
        blobs = pass_.blobs
        each = (
            i
            for i, value in enumerate(pass_.values)
            if not isfinite(value)
            and self.at(blobs[i].layer).enabled
            and not self._is_accuracy(blobs[i])
        )
        start = next(each, None)
        if start is None:
            return ()
        self._coming = layout is not None
        if self._is_told:
            self._dirty = True
            return ()
        bad = [start, *each]
        first = blobs[bad[0]]
        own = layout.weights_of(first.layer) if layout else []
        spread = _Spread(
            layers=list(dict.fromkeys(blobs[i].layer for i in bad)),
            origin="here" if set(own).isdisjoint(bad) else "weights_already_bad",
            weights_bad=any(blobs[i].kind == "param" and blobs[i].quantity == "data" for i in bad),
            evidence=self.history(pass_, bad[0]),
            affects=len(bad),
            of=len(blobs),
        )
        of = "" if pass_.net == TRAIN else f" in test net #{pass_.net.removeprefix('test')}"
        text = f"{describe(first)} is {{value}}{of}"
        return self._seen(place_in(pass_, bad[0], self.run), text, spread)

    def _hidden(
        self, index: int, name: str, value: float, weight: float | None, line: int
    ) -> Sequence[Finding]:
        if not _is_floored(value, weight):
            if self._floored:
                self._floored.pop(index, None)
            return ()
        count, place = self._floored.get(index, (0, None))
        if place is None:
            place = self._elsewhere("output" if index >= 0 else "loss", name, value, line)
        self._floored[index] = (count + 1, place)
        self._dirty = self._dirty or count + 1 >= self.parameters.displays
        if count + 1 != self.parameters.displays:
            return ()
        text = (
            f"training output {name} stays at 87.3365, the loss of a softmax that gives the true "
            "class 0: what the CPU prints as nan, or labels outside the classes"
        )
        found = self._seen(place, text)
        self._is_hidden = self._is_hidden or bool(found)
        return found

    @property
    def _is_told(self) -> bool:
        """Whether there is a finding already that names a nan."""
        return self._finding is not None and not self._is_hidden

    def _seen(self, place: Place, text: str, spread: _Spread | None = None) -> Sequence[Finding]:
        if place.layer is None and not self.parameters.enabled:
            return ()
        self._dirty = True
        open_ = self._finding
        if self._is_told:
            return ()
        spread = spread or _Spread(evidence=self._values(place))
        text = self._text(place, text, spread)
        if open_ is None:
            self._finding = found = self.fire(place, text, (), spread.layers)
        else:
            # The nan itself has come: that is where to look, and people have been told already.
            found = open_
            before = found.message
            found.text = f"{text} Before that, {before[0].lower()}{before[1:]}"
            found.place, found.layers = place, list(spread.layers)
        self._is_hidden = False
        found.evidence, found.affects = spread.evidence, spread.affects
        found.origin, found.weights_bad = spread.origin, spread.weights_bad
        found.advice = advise(found, self.run)
        return (found,) if open_ is None else ()

    def _text(self, place: Place, text: str, spread: _Spread) -> str:
        value = nan if place.value is None else place.value
        text = "At {iteration} " + text.replace("{value}", spell(value))
        if spread.affects is not None:
            text += f"; it reached {spread.affects} of the {spread.of} values of that block"
        if spread.origin == "weights_already_bad":
            since = place.previous_iteration
            after = "" if since is None else f" after iteration {since}"
            text += f". The layer's own parameters are bad already: an update{after} ruined them"
        return text + "."

    def _values(self, place: Place) -> list[Evidence]:
        if place.kind != "loss":
            return [] if place.value is None else [(place.moment, place.value)]
        return [(Moment(iteration, estimated=False), loss) for iteration, loss in self.run.losses]


def _is_floored(value: float, weight: float | None) -> bool:
    """Tell whether an output is 87.3365, by itself or times its loss weight."""
    off = abs(value - SOFTMAX_FLOOR)
    if weight:
        off = min(off, abs(value - SOFTMAX_FLOOR * weight))
    return off <= _PRINTED * abs(value)


def _may_be_floored(values: Sequence[float], weight: float | None) -> bool:
    """Tell whether any of these outputs `_is_floored`."""
    lowest = SOFTMAX_FLOOR * min(1.0, weight or 1.0)
    return max(values) > lowest / 2 and any(map(_is_floored, values, repeat(weight)))
