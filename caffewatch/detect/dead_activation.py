"""ReLUs that let nothing through."""

from __future__ import annotations

from collections.abc import Sequence
from operator import le, mul
from typing import ClassVar

from caffewatch.detect.finding import Finding, Place, Severity
from caffewatch.detect.layer_rule import LayerParameters, LayerRule
from caffewatch.detect.layout import Activation, Layout, picker
from caffewatch.detect.look import Look
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import count, enumerate_layers, spell
from caffewatch.log.run import Run


class DeadActivationParameters(LayerParameters):
    """Parameters of `DeadActivation`."""

    share: float = parameter(
        1e-3, "output over input of a ReLU at or below which it is dead", "ratio", 0.0, 0.5
    )
    passes: int = parameter(
        5, "passes in a row at or below it, and above it to be over", "passes", 1
    )


class DeadActivation(LayerRule[DeadActivationParameters]):
    """The output of a ReLU is 0, or a vanishing share of its input.

    Output over input is the share of the signal that a ReLU lets through: about 0.5 is healthy.
    Fires when it stays at or below ``share`` for ``passes`` passes. The input of an in-place
    layer is what the last writer of that blob made.

    Silent on single dead units (only means are printed), and on ReLUs with a negative slope.

    Source: the lowest share in the healthy ones of the 111 labelled runs is above 0.03.
    """

    id: ClassVar[str] = "dead_activation"
    title: ClassVar[str] = "dead activations"
    severities: ClassVar[tuple[Severity, ...]] = ("warning",)
    Parameters: ClassVar[type[Parameters]] = DeadActivationParameters

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._layout: Layout | None = None
        self._relus: list[Activation] = []

    def on_training(self, look: Look) -> Sequence[Finding]:
        """Compare each ReLU's output with its input."""
        if look.layout is not self._layout:
            self._learn(look.layout)
        if not self._relus:
            return ()
        outputs, inputs = self._outputs(look.values), self._inputs(look.values)
        alive = min(outputs) > max(inputs) * self._largest_share
        if alive and self.idle:
            return ()
        dead = list(map(le, outputs, map(mul, inputs, self._shares)))
        if True not in dead and self.idle:
            return ()
        where = {
            (relu.layer, 0): relu.output
            for relu, is_dead in zip(self._relus, dead, strict=False)
            if is_dead
        }
        return self.follow(where, look, settle=look.finite)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether all ReLUs live, and nothing is open."""
        if survey.layout is not self._layout or not self.idle:
            return False
        outputs, inputs = self._outputs(survey.low), self._inputs(survey.high)
        return True not in map(le, outputs, map(mul, inputs, self._shares))

    def _learn(self, layout: Layout) -> None:
        self._layout = layout
        self._relus = [
            a for a in layout.activations if a.kind == "ReLU" and self.at(a.layer).enabled
        ]
        self._shares = [self.at(relu.layer).share for relu in self._relus]
        self._largest_share = max(self._shares, default=0.0)
        self._outputs = picker([r.output for r in self._relus])
        self._inputs = picker([r.input for r in self._relus])

    def tell(self, look: Look, began: Place, layers: list[str]) -> Finding:
        """Say which layers show it, and since when."""
        output = next(r for r in self._relus if r.layer == began.layer)
        return self.fire(
            began,
            self._text(look, layers, output),
            self._advise(look),
            layers,
            evidence=self.history(look.pass_, output.output),
            affects=len(layers),
        )

    def _text(self, look: Look, layers: list[str], relu: Activation) -> str:
        into, out = look.values[relu.input], look.values[relu.output]
        what = "is" if len(layers) == 1 else "are"
        lasted = count(self.at(relu.layer).passes, "pass")
        seen = "0" if out == 0 else f"{spell(out)}, {100 * out / into:.2g}% of its input"
        return (
            f"Since {{iteration}} {enumerate_layers(layers)} {what} dead for {lasted}: the output "
            f"of {relu.layer} is {seen} (about half is healthy)."
        )

    def _advise(self, look: Look) -> list[str]:
        rate = self.run.learning_rate
        lower = "" if rate is None else f" (it is {rate:g})"
        return [
            f"If it began in mid-training, lower base_lr{lower}: one large step pushed the biases "
            "so far down that no input switches the units on again.",
            "If it was so from the start, initialise weights with higher variance (xavier, msra) "
            "and biases with 0 or slightly above.",
            "Let a little through: negative_slope: 0.1 in relu_param, or PReLU.",
            "Check that the input is not all 0 or huge; normalise it, or put BatchNorm before.",
        ]
