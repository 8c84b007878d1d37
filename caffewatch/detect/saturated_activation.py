"""TanH and Sigmoid at their ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from caffewatch.detect.finding import Finding, Place, Severity
from caffewatch.detect.layer_rule import LayerParameters, LayerRule
from caffewatch.detect.layout import Activation, Layout
from caffewatch.detect.look import Look
from caffewatch.detect.loss import Untrained
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import count, enumerate_layers, spell
from caffewatch.log.run import Run


class SaturatedActivationParameters(LayerParameters):
    """Parameters of `SaturatedActivation`."""

    tanh: float = parameter(
        0.95, "mean |output| of a TanH at or above which it is", "mean", 0.0, 1.0
    )
    sigmoid: float = parameter(
        0.02, "mean distance of a Sigmoid from 0 or 1 at or below which it is", "mean", 0.0, 0.5
    )
    progress: float = parameter(
        0.9, "share of its first loss above which a run has learned nothing", "ratio", 0.0, 1.0
    )
    passes: int = parameter(5, "passes in a row, and without to be over", "passes", 1)


class SaturatedActivation(LayerRule[SaturatedActivationParameters]):
    """A TanH near 1, or a Sigmoid at one of its ends, for whole passes.

    At its ends such a unit passes nothing back. Fires when the mean output of a TanH stays at or
    above ``tanh`` for ``passes`` passes, or that of a Sigmoid within ``sigmoid`` of 0 or 1 while
    the loss is still above ``progress`` of where it began: an output Sigmoid that has learned a
    sparse target is at its end for good reason.

    Silent on single passes.

    Source: in the labelled runs healthy TanHs stay below 0.74, saturated ones above 0.95.
    """

    id: ClassVar[str] = "saturated_activation"
    title: ClassVar[str] = "saturated activations"
    severities: ClassVar[tuple[Severity, ...]] = ("warning",)
    Parameters: ClassVar[type[Parameters]] = SaturatedActivationParameters

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._untrained = Untrained(run)
        self._layout: Layout | None = None
        self._units: list[Activation] = []

    def on_training(self, look: Look) -> Sequence[Finding]:
        """Look at the mean output of every TanH and Sigmoid."""
        if look.layout is not self._layout:
            self._layout = look.layout
            self._units = [
                a
                for a in look.layout.activations
                if a.kind in ("TanH", "Sigmoid") and self.at(a.layer).enabled
            ]
        if not self._units or not look.finite:
            return ()
        where = {
            (unit.layer, 0): unit.output
            for unit in self._units
            if self._saturated(unit, look.values[unit.output])
        }
        return self.follow(where, look)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether no unit is at its end, and nothing is open."""
        if survey.layout is not self._layout or not self.idle:
            return False
        return not any(self._may_saturate(unit, survey) for unit in self._units)

    def _may_saturate(self, unit: Activation, survey: Survey) -> bool:
        own, low, high = self.at(unit.layer), survey.low[unit.output], survey.high[unit.output]
        if unit.kind == "TanH":
            return high >= own.tanh
        within = own.sigmoid < low and high < 1 - own.sigmoid
        return not within and not self._untrained.learned(own.progress, survey.losses)

    def _saturated(self, unit: Activation, value: float) -> bool:
        own = self.at(unit.layer)
        if unit.kind == "TanH":
            return value >= own.tanh
        if own.sigmoid < value < 1 - own.sigmoid:
            return False
        return self._untrained.still(own.progress)

    def tell(self, look: Look, began: Place, layers: list[str]) -> Finding:
        """Say which layers show it, and since when."""
        unit = next(u for u in self._units if u.layer == began.layer)
        return self.fire(
            began,
            f"Since {{iteration}} {enumerate_layers(layers)} stay at the end of their range for "
            f"{count(self.at(unit.layer).passes, 'pass')}: the mean |output| of {unit.layer} is "
            f"{spell(look.values[unit.output])}, where its slope is next to nothing.",
            _ADVICE,
            layers,
            evidence=self.history(look.pass_, unit.output),
            affects=len(layers),
        )


_ADVICE = [
    "Initialise weights with lower variance (xavier): the sums that go in are too large.",
    "Normalise the inputs to about 1, or put BatchNorm before the activation.",
    "Use ReLU between layers.",
]
