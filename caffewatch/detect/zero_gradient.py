"""Parameters that get no gradient at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from caffewatch.detect.finding import Finding, Severity
from caffewatch.detect.look import Look
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.streaks import Streaks
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import count, enumerate_layers, parameter_name
from caffewatch.log.run import Run


class ZeroGradientParameters(Parameters):
    """Parameters of `ZeroGradient`."""

    passes: int = parameter(
        5, "passes in a row with a gradient of exactly 0, and without one to be over", "passes", 1
    )


class ZeroGradient(Rule[ZeroGradientParameters]):
    """A parameter that is to be learned has a gradient of exactly 0.

    Fires when a parameter with lr_mult above 0 (and not BatchNorm's statistics) has a mean
    gradient of exactly 0 in ``passes`` passes in a row. Critical when that holds for the weights
    of every learned layer: nothing but biases still learns.

    Silent where the loss itself is 0 (a hinge loss that is satisfied has nothing to teach), on
    frozen layers, and on gradients that are only small.

    Source: no healthy one of the 111 labelled runs has a single exact 0; BTTackler treats any
    layer at exactly 0 as vanished.
    """

    id: ClassVar[str] = "zero_gradient"
    title: ClassVar[str] = "gradients of exactly zero"
    severities: ClassVar[tuple[Severity, ...]] = ("warning", "critical")
    Parameters: ClassVar[type[Parameters]] = ZeroGradientParameters

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._streaks = Streaks()
        self._finding: Finding | None = None

    def on_training(self, look: Look) -> Sequence[Finding]:
        """Note which learned parameters have no gradient in this pass."""
        zero = (look.floor == 0 or not look.finite) and not self._satisfied(look)
        if not zero and self._finding is None and not self._streaks.waiting:
            return ()
        values = look.values
        where = {
            (p.layer, p.number): p.diff
            for p in look.layout.parameters
            if p.learned and p.diff is not None and values[p.diff] == 0
            if zero and self.at(p.layer).enabled
        }
        self._streaks.update(
            where,
            lambda layer: self.at(layer).passes,
            lambda key: self.place(look, where[key]),
            settle=look.finite,
            patience=self.patience,
        )
        return self._report(look)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether no gradient is 0, and nothing is open."""
        if self._finding is not None or self._streaks.waiting:
            return False
        if survey.without_zero or survey.layout is None:
            return True
        places = (p.diff for p in survey.layout.parameters if p.learned and p.diff is not None)
        return all(all(survey.stretch.column(at)) for at in places)

    def _satisfied(self, look: Look) -> bool:
        """Whether the loss is 0, so that there is nothing to learn from."""
        losses = [
            value
            for blob, value in zip(look.layout.blobs, look.values, strict=False)
            if blob.phase == "forward" and blob.kind == "top" and self._is_loss(blob.layer)
        ]
        return bool(losses) and max(losses) == 0

    def _is_loss(self, name: str) -> bool:
        layer = self.run.net.layer(name)
        counts = not layer.loss_weights or any(layer.loss_weights)
        return counts and "loss" in (layer.kind or name).lower()

    def _report(self, look: Look) -> Sequence[Finding]:
        lasting = self._streaks.lasting
        if not lasting:
            if self._finding is None:
                return ()
            ended, self._finding = self._finding, None
            return (self.end(ended),)
        layers = [x for x in look.layout.layers if any(x == layer for layer, _ in lasting)]
        first = min(lasting, key=lambda key: lasting[key].line)
        severity = self._severity(look, self.at(first[0]).severity)
        if self._finding is not None and self._finding.severity == severity:
            self._finding.spread(layers, look.layout.layers)
            return ()
        before = [] if self._finding is None else [self.end(self._finding)]
        diffs = {(p.layer, p.number): p.diff for p in look.layout.parameters}
        at = diffs.get(first)
        self._finding = self.fire(
            lasting[first],
            self._text(layers, severity, self.at(first[0]).passes),
            self._advise(),
            layers,
            severity,
            () if at is None else self.history(look.pass_, at),
            affects=len(lasting),
        )
        return (*before, self._finding)

    def _severity(self, look: Look, partial: Severity) -> Severity:
        learned = {p.layer for p in look.layout.parameters if p.learned and p.number == 0}
        stuck = {layer for layer, index in self._streaks.lasting if index == 0}
        if learned and learned <= stuck:
            return "critical"
        # Where it got better in part, the episode goes on as it is.
        return partial if self._finding is None else self._finding.severity

    def _text(self, layers: list[str], severity: Severity, passes: int) -> str:
        which = sorted({index for _, index in self._streaks.lasting})
        names = " and ".join(parameter_name(index) for index in which)
        extent = "every learned layer" if severity == "critical" else enumerate_layers(layers)
        return (
            f"Since {{iteration}} the gradients of {extent} ({names}) have been exactly 0 for "
            f"{count(passes, 'pass')}: nothing is learned there."
        )

    def _advise(self) -> list[str]:
        advice = [
            "Look at the activation behind the first layer named: a dead ReLU (output 0) or an "
            "input of 0 passes nothing back.",
            "Initialise weights with xavier or msra: weights that are all 0 get no gradient.",
        ]
        rate = self.run.learning_rate
        if rate is not None:
            advice.append(f"If it began in mid-training, lower base_lr (it is {rate:g}).")
        advice.append("A layer that is not meant to learn wants lr_mult: 0.")
        return advice
