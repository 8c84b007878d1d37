"""Weights that grow or shrink by orders of magnitude."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from math import inf, isfinite, isinf
from operator import ge, le
from typing import ClassVar

from caffewatch.detect.finding import Finding, Place, Severity
from caffewatch.detect.layout import Layout, Parameter, picker
from caffewatch.detect.look import Look
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import enumerate_layers, spell
from caffewatch.log.events import TRAIN
from caffewatch.log.run import Run
from caffewatch.log.topology import MAX_LAYERS

_L2_OF_DATA = 2
"""Among the norms of a stretch."""


class WeightNormParameters(Parameters):
    """Parameters of `WeightNorm`."""

    grow: float = parameter(
        100.0, "times its first mean at or above which a weight grew", "ratio", 1
    )
    least: float = parameter(
        1.0, "mean |weight| below which none is too large, however it grew", "mean", 0.0
    )
    shrink: float = parameter(
        0.01, "of its first mean at or below which a weight shrank", "ratio", 0.0, 1.0
    )
    passes: int = parameter(5, "passes in a row, and without to be over", "passes", 1)


class WeightNorm(Rule[WeightNormParameters]):
    """Weights have grown or shrunk by orders of magnitude, or their L2 norm overflows.

    Fires when the mean |weight| of a learned layer stays ``grow`` times above, or at ``shrink`` of,
    what it was in the run's first block, or when the L2 norm of all parameters is inf beside
    finite blobs: a float32 sum of squares that overflows.

    Silent on biases, which start at 0, on BatchNorm's own statistics, which grow a hundredfold by
    design, and on weights that begin at 0 or next to it (std: 0.0001, as in Caffe's CIFAR-10
    example) as long as they stay below ``least``.

    Source: in the labelled runs healthy weights grow to 4.2 and shrink to 0.75 of their start at
    the most, broken ones grow beyond 1e3 or shrink below 1e-3.
    """

    id: ClassVar[str] = "weight_norm"
    title: ClassVar[str] = "weights out of scale"
    severities: ClassVar[tuple[Severity, ...]] = ("warning",)
    Parameters: ClassVar[type[Parameters]] = WeightNormParameters

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._layout: Layout | None = None
        self._weights: list[Parameter] = []
        self._base: dict[str, float] = {}
        self._count = 0
        self._well = 0
        self._first: Place | None = None
        self._finding: Finding | None = None

    def on_training(self, look: Look) -> Sequence[Finding]:
        """Compare the weights with those of the first block."""
        if not look.finite:
            return ()
        if look.layout is not self._layout:
            self._learn(look)
        norms = look.pass_.norms
        overflow = norms is not None and isinf(norms.l2[0]) and isfinite(norms.l1[0])
        overflow = overflow and self.parameters.enabled
        within = self._highest < look.lightest and look.heaviest < self._lowest
        if within and not overflow:
            return self._recover() if self._finding is not None or self._count else ()
        means = self._means(look.values)
        off = list(map(ge, means, self._above)), list(map(le, means, self._below))
        if not overflow and True not in off[0] and True not in off[1]:
            return self._recover() if self._finding is not None or self._count else ()
        grown, shrunk = (list(compress(self._weights, x)) for x in off)
        return self._report(look, grown, shrunk, overflow)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether all weights are in scale, and nothing is open."""
        if survey.layout is not self._layout or self._count or self._finding is not None:
            return False
        if survey.stretch.norms and not isfinite(sum(survey.stretch.norms[_L2_OF_DATA])):
            return False
        high, low = self._means(survey.high), self._means(survey.low)
        return True not in map(ge, high, self._above) and True not in map(le, low, self._below)

    def _learn(self, look: Look) -> None:
        self._layout = look.layout
        if len(self._base) > MAX_LAYERS:
            self._base.clear()
        for p in look.layout.parameters:
            if p.number == 0 and p.learned and p.data is not None and look.values[p.data]:
                self._base.setdefault(p.layer, look.values[p.data])
        self._weights = [
            p
            for p in look.layout.parameters
            if p.number == 0 and p.learned and p.layer in self._base and self.at(p.layer).enabled
        ]
        self._means = picker([p.data or 0 for p in self._weights])
        self._above = [self._most(p.layer) for p in self._weights]
        self._below = [self._base[p.layer] * self.at(p.layer).shrink for p in self._weights]
        self._lowest, self._highest = min(self._above, default=inf), max(self._below, default=-1.0)

    def _most(self, layer: str) -> float:
        own = self.at(layer)
        return max(own.least, own.grow * self._base[layer])

    def _report(
        self, look: Look, grown: list[Parameter], shrunk: list[Parameter], overflow: bool
    ) -> Sequence[Finding]:
        self._well = 0
        self._count += 1
        moved = sorted((*grown, *shrunk), key=lambda p: p.data or 0)
        layers = [p.layer for p in moved]
        if self._first is None:
            self._first = self._place(look, moved)
        if self._finding is not None:
            self._finding.spread(layers, look.layout.layers)
            return ()
        if self._count < self.parameters.passes:
            return ()
        self._finding = self.fire(
            self._first,
            self._text(look, moved, overflow),
            self._advise(shrunk),
            layers,
            evidence=self.history(look.pass_, moved[0].data or 0) if moved else (),
            affects=len(moved) or None,
        )
        return (self._finding,)

    def _place(self, look: Look, moved: list[Parameter]) -> Place:
        if moved:
            return self.place(look, moved[0].data or 0)
        value = look.pass_.norms.l2[0] if look.pass_.norms else None
        place = Place(look.pass_.line, look.pass_.moment, self.run.iteration, TRAIN, kind="norm")
        place.blob, place.quantity, place.value = "L2", "data", value
        return place

    def _recover(self) -> Sequence[Finding]:
        self._count, self._first = 0, None
        self._well += 1
        if self._finding is None or self._well < self.parameters.passes * self.patience:
            return ()
        ended, self._finding = self._finding, None
        return (self.end(ended),)

    def _text(self, look: Look, moved: list[Parameter], overflow: bool) -> str:
        if not moved:
            return "Since {iteration} the L2 norm of all parameters overflows float32."
        layers = enumerate_layers([p.layer for p in moved])
        first = moved[0]
        base, now = self._base[first.layer], look.values[first.data or 0]
        more = "; their L2 norm overflows float32" if overflow else ""
        return (
            f"Since {{iteration}} the weights of {layers} are out of scale: the mean |weight| of "
            f"{first.layer} went from {spell(base)} to {spell(now)}{more}."
        )

    def _advise(self, shrunk: list[Parameter]) -> list[str]:
        if shrunk:
            decay = self.run.solver.get("weight_decay")
            given = f" (it is {decay})" if decay else ""
            return [
                f"Lower weight_decay{given}: it takes the weights away faster than the "
                "gradients build them.",
            ]
        return [
            "Lower base_lr to a tenth, and clip gradients (clip_gradients: 35 in the solver).",
            "Raise weight_decay (0.0005 is usual), or put BatchNorm in.",
        ]
