"""Gradients that do not reach the first layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from caffewatch.detect.finding import Finding, Place, Severity
from caffewatch.detect.layout import Layout
from caffewatch.detect.look import Look
from caffewatch.detect.loss import Untrained
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import enumerate_layers, spell
from caffewatch.log.run import Run


class VanishingGradientParameters(Parameters):
    """Parameters of `VanishingGradient`."""

    ratio: float = parameter(
        3e-4, "gradient of the first layers over the last one's below which it vanishes", "ratio", 0
    )
    progress: float = parameter(
        0.9, "share of its first loss above which a run has learned nothing", "ratio", 0.0, 1.0
    )
    passes: int = parameter(10, "passes in a row, and without to be over", "passes", 1)


class VanishingGradient(Rule[VanishingGradientParameters]):
    """The gradients of the first layers are orders of magnitude below the last one's.

    Fires when the larger of the first two learned weights' gradients stays below ``ratio`` of the
    last one's for ``passes`` passes, and the loss is still above ``progress`` of where it began.

    Silent while anything is learned (gradients of a trained net may be as small as they like), on
    biases before BatchNorm, on nets of fewer than three learned layers, and on gradients of
    exactly 0, which are zero_gradient's.

    Source: BTTackler takes 1e-4 between adjacent layers; in the labelled runs healthy ratios stay
    above 9e-3, those that vanish below 4e-5.
    """

    id: ClassVar[str] = "vanishing_gradient"
    title: ClassVar[str] = "vanishing gradients"
    severities: ClassVar[tuple[Severity, ...]] = ("warning",)
    Parameters: ClassVar[type[Parameters]] = VanishingGradientParameters

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._untrained = Untrained(run)
        self._layout: Layout | None = None
        self._weights: list[tuple[str, int]] = []
        self._first: Place | None = None
        self._count = 0
        self._well = 0
        self._finding: Finding | None = None

    def on_training(self, look: Look) -> Sequence[Finding]:
        """Compare the first gradients with the last."""
        if look.layout is not self._layout:
            self._learn(look.layout)
        if len(self._weights) < 3 or not look.finite:
            return ()
        values, weights = look.values, self._weights
        last = values[weights[-1][1]]
        first = max(values[weights[0][1]], values[weights[1][1]])
        if first >= last * self.parameters.ratio or first == 0:
            return self._recover() if self._count or self._finding is not None else ()
        self._well = 0
        self._count += 1
        if self._first is None:
            self._first = self.place(look, weights[0][1])
        if self._count < self.parameters.passes or not self._untrained.still(
            self.parameters.progress
        ):
            return self._end()
        if self._finding is not None:
            return ()
        limit = last * self.parameters.ratio
        layers = [layer for layer, at in weights if values[at] < limit]
        self._finding = self.fire(
            self._first,
            self._text(first, last, layers, weights[-1][0]),
            _ADVICE,
            layers,
            evidence=self.history(look.pass_, weights[0][1]),
            affects=len(layers),
        )
        return (self._finding,)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether the first gradients are large enough, and nothing is open."""
        if survey.layout is not self._layout or self._count or self._finding is not None:
            return False
        if len(self._weights) < 3:
            return True
        first = max(survey.low[at] for _, at in self._weights[:2])
        return first >= survey.high[self._weights[-1][1]] * self.parameters.ratio and first > 0

    def _learn(self, layout: Layout) -> None:
        self._layout = layout
        self._weights = [
            (p.layer, p.diff)
            for p in layout.parameters
            if p.learned and p.number == 0 and p.diff is not None and self.at(p.layer).enabled
        ]

    def _recover(self) -> Sequence[Finding]:
        self._count, self._first = 0, None
        self._well += 1
        if self._finding is None or self._well < self.parameters.passes * self.patience:
            return ()
        return self._end()

    def _end(self) -> Sequence[Finding]:
        if self._finding is None:
            return ()
        ended, self._finding = self._finding, None
        return (self.end(ended),)

    def _text(self, first: float, last: float, layers: list[str], end: str) -> str:
        return (
            f"Since {{iteration}} the gradients of {enumerate_layers(layers)} are down to "
            f"{spell(first)}, {first / last:.1g} of the {spell(last)} of {end}, and the loss has "
            "not moved: the first layers learn nothing."
        )


_ADVICE = [
    "Use ReLU instead of Sigmoid or TanH between layers: each of those passes on a quarter of the "
    "gradient at best.",
    "Initialise weights with higher variance (msra for ReLU, xavier for TanH), or add BatchNorm.",
    "Shorten the way: fewer layers, or shortcuts around them (Eltwise SUM, as in ResNet).",
]
