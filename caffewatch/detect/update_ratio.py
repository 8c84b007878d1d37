"""Updates that are far too large, or far too small, for the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from operator import ge, le, mul, or_
from typing import ClassVar, NamedTuple

from caffewatch.detect.finding import Finding, Severity
from caffewatch.detect.layout import Layout, Parameter, picker
from caffewatch.detect.look import Look
from caffewatch.detect.loss import Untrained
from caffewatch.detect.rule import Rule, place_in
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.streaks import Streaks
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import count, enumerate_layers
from caffewatch.log.events import Pass, Update
from caffewatch.log.run import Run

_KNOWN = frozenset({"SGD", "Nesterov"})


class UpdateRatioParameters(Parameters):
    """Parameters of `UpdateRatio`."""

    severity: Severity = parameter("info", "how loud its findings are")
    largest: float = parameter(
        1.0, "update over weight at or above which it is far too large", "ratio", 0
    )
    smallest: float = parameter(
        1e-8, "update over weight at or below which it is far too small", "ratio", 0.0
    )
    progress: float = parameter(
        0.9, "share of its first loss above which a run has learned nothing", "ratio", 0.0, 1.0
    )
    passes: int = parameter(10, "passes in a row, and without to be over", "passes", 1)


class Ratio(NamedTuple):
    """Update over weight of one layer, and where the update stands."""

    value: float
    pass_: Pass
    at: int


class UpdateRatio(Rule[UpdateRatioParameters]):
    """One update changes a weight by far more, or far less, than is good for it.

    The expected update of SGD and Nesterov is learning rate times lr_mult times gradient, divided
    by 1 - momentum; over the mean |weight| it is healthy between about 1e-5 and 1e-1. Fires when
    the ratio of a learned layer's weight stays at or above ``largest`` for ``passes`` passes, or
    at or below ``smallest`` while the loss is still above ``progress`` of where it began.

    Where the log prints [Update] lines, as Caffe did until July 2015, they are what counts.

    Silent for the adaptive solvers where the log does not tell their update, on biases, which start
    at 0, on clipped gradients, and on the small updates of a net that has learned.

    Source: the usual rule of thumb is 1e-3; SageMaker Debugger warns outside 1e-8 … 10.
    """

    id: ClassVar[str] = "update_ratio"
    title: ClassVar[str] = "updates out of scale"
    severities: ClassVar[tuple[Severity, ...]] = ("info",)
    Parameters: ClassVar[type[Parameters]] = UpdateRatioParameters

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._untrained = Untrained(run)
        self._layout: Layout | None = None
        self._weights: list[Parameter] = []
        self._streaks = Streaks()
        self._is_printed = False
        self._last: dict[str, Ratio] = {}
        self._finding: Finding | None = None

    def on_training(self, look: Look) -> Sequence[Finding]:
        """Compare each weight's expected update with the weight."""
        rate = self.run.learning_rate
        if rate is None or not look.finite or self._is_printed:
            return ()
        if self.run.solver_type not in _KNOWN or self.run.clips:
            return ()
        if look.layout is not self._layout:
            self._learn(look.layout)
        if not self._weights:
            return ()
        step = rate / self.run.grad_scale / (1 - self._momentum)
        learned = not self._untrained.still(self.parameters.progress)
        steepest = max(self._diff(look.values))
        small = step * steepest * self._most < look.lightest * self._least
        if small and learned and not self._streaks.waiting:
            return ()
        weights = self._data(look.values)
        changes = [step * x for x in map(mul, self._mults, self._diff(look.values))]
        off = list(map(ge, changes, map(mul, weights, self._largest)))
        if not learned:
            off = list(map(or_, off, map(le, changes, map(mul, weights, self._smallest))))
        if True not in off and not self._streaks.waiting:
            return ()
        rows = zip(self._weights, off, weights, changes, strict=False)
        ratios = {
            p.layer: Ratio(change / weight, look.pass_, p.diff or 0)
            for p, is_off, weight, change in rows
            if is_off and weight and change
        }
        return self._count(ratios, look.layout.layers)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether all updates are in scale, and nothing is open."""
        if self._is_printed or self.run.solver_type not in _KNOWN or self.run.clips:
            return True
        is_open = self._finding is not None or self._streaks.waiting
        if survey.layout is not self._layout or is_open or survey.clipped:
            return False
        if not self._weights:
            return True
        step = survey.fastest / (1 - self._momentum)
        changes = [step * x for x in map(mul, self._mults, self._diff(survey.high))]
        if True in map(ge, changes, map(mul, self._data(survey.low), self._largest)):
            return False
        if self._untrained.learned(self.parameters.progress, survey.losses):
            return True
        step = survey.slowest / (1 - self._momentum)
        changes = [step * x for x in map(mul, self._mults, self._diff(survey.low))]
        return True not in map(le, changes, map(mul, self._data(survey.high), self._smallest))

    def on_update(self, event: Update) -> Sequence[Finding]:
        """Take the ratios that the log itself gives: they hold for every solver."""
        self._is_printed = True
        if not all(map(isfinite, event.values)):
            return ()
        learned = not self._untrained.still(self.parameters.progress)
        found = _printed(event)
        off = {
            layer: ratio
            for layer, ratio in found.items()
            if self.at(layer).enabled and self._is_off(ratio.value, self.at(layer), learned)
        }
        return self._count(off, list(found))

    def _is_off(self, ratio: float, own: UpdateRatioParameters, learned: bool) -> bool:
        return ratio >= own.largest or (0 < ratio <= own.smallest and not learned)

    def _count(self, off: Mapping[str, Ratio], layers: Sequence[str]) -> Sequence[Finding]:
        self._streaks.update(
            {(layer, 0) for layer in off},
            lambda layer: self.at(layer).passes,
            lambda key: place_in(off[key[0]].pass_, off[key[0]].at, self.run),
            patience=self.patience,
        )
        last = {**self._last, **off}
        self._last = {x: ratio for x, ratio in last.items() if self._streaks.counts((x, 0))}
        return self._report(layers, self._last)

    def _learn(self, layout: Layout) -> None:
        self._layout = layout
        self._weights = [
            p
            for p in layout.parameters
            if p.learned and p.number == 0 and None not in (p.data, p.diff)
            if self.at(p.layer).enabled
        ]
        if not self._weights:
            return
        self._data = picker([p.data or 0 for p in self._weights])
        self._diff = picker([p.diff or 0 for p in self._weights])
        self._mults = [self.run.net.layer(p.layer).lr_mult(0) for p in self._weights]
        self._largest = [self.at(p.layer).largest for p in self._weights]
        self._smallest = [self.at(p.layer).smallest for p in self._weights]
        self._most, self._least = max(self._mults), min(self._largest)
        try:
            self._momentum = min(float(self.run.solver.get("momentum", "0")), 0.999)
        except ValueError:
            self._momentum = 0.0

    def _report(self, layers: Sequence[str], ratios: Mapping[str, Ratio]) -> Sequence[Finding]:
        """Tell of the layers that are off; ``layers`` is their order, ``ratios`` the last ones."""
        lasting = self._streaks.lasting
        if not lasting:
            if self._finding is None:
                return ()
            ended, self._finding = self._finding, None
            return (self.end(ended),)
        named = [x for x in layers if (x, 0) in lasting]
        if self._finding is not None:
            self._finding.spread(named, layers)
            return ()
        began = min(lasting.values(), key=lambda place: place.line)
        ratio = ratios[began.layer or ""]
        large = ratio.value > self.parameters.smallest
        self._finding = self.fire(
            began,
            f"Since {{iteration}} one update of {enumerate_layers(named)} is out of scale for "
            f"{count(self.parameters.passes, 'pass')}: that of {began.layer} is {ratio.value:.1g} "
            "of its weight, where 1e-5 to 1e-1 is healthy.",
            _TOO_LARGE if large else _TOO_SMALL,
            named,
            evidence=self.history(ratio.pass_, ratio.at),
            affects=len(named),
        )
        return (self._finding,)


def _printed(event: Update) -> dict[str, Ratio]:
    """Read the ratio of each layer's first parameter out of [Update] lines."""
    found: dict[str, Ratio] = {}
    for at, (blob, value) in enumerate(zip(event.blobs, event.values, strict=True)):
        if blob.quantity != "diff" or at == 0 or blob.layer in found:
            continue
        before, weight = event.blobs[at - 1], event.values[at - 1]
        if before[:4] == blob[:4] and weight:
            found[blob.layer] = Ratio(value / weight, event, at)
    return found


_TOO_LARGE = ["Lower base_lr, or the layer's lr_mult: weights are replaced rather than learned."]
_TOO_SMALL = ["Raise base_lr, or the layer's lr_mult: at this pace nothing is learned."]
