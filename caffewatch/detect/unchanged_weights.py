"""Weights that should move and do not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, repeat
from math import nan
from operator import eq
from typing import ClassVar

from caffewatch.detect.finding import Finding, Place, Severity
from caffewatch.detect.layer_rule import LayerParameters, LayerRule
from caffewatch.detect.layout import Layout, Parameter
from caffewatch.detect.look import Look
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import count, enumerate_layers, spell
from caffewatch.log.run import Run

_KNOWN = frozenset({"SGD", "Nesterov"})


class UnchangedWeightsParameters(LayerParameters):
    """Parameters of `UnchangedWeights`."""

    expected: float = parameter(
        1e-3, "share of the weight that one update is expected to change", "ratio", 0.0
    )
    passes: int = parameter(
        10, "passes in a row without a change, and with to be over", "passes", 2
    )


class UnchangedWeights(LayerRule[UnchangedWeightsParameters]):
    """A learned weight does not move, although its gradient says that it should.

    Fires when the mean |weight| of a learned layer is printed as the very same number for
    ``passes`` passes while a single update (learning rate times gradient) is expected to change it
    by ``expected`` of itself, hundreds of times the six digits printed.

    Silent on frozen layers, on small or clipped gradients, on the adaptive solvers, and on a bias.

    Source: six significant digits show any change above 1e-6 of a weight.
    """

    id: ClassVar[str] = "unchanged_weights"
    title: ClassVar[str] = "weights do not move"
    severities: ClassVar[tuple[Severity, ...]] = ("warning",)
    Parameters: ClassVar[type[Parameters]] = UnchangedWeightsParameters

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._layout: Layout | None = None
        self._weights: list[Parameter] = []
        self._last: Sequence[float] = ()
        self._iteration: int | None = None

    def on_training(self, look: Look) -> Sequence[Finding]:
        """Compare the weights with those of the display before."""
        rate = self.run.learning_rate
        if rate is None or not look.finite or self.run.solver_type not in _KNOWN or self.run.clips:
            return ()
        if look.layout is not self._layout:
            self._learn(look.layout)
        if look.pass_.moment.iteration == self._iteration:
            return ()  # the repeats of iter_size work on the same weights
        self._iteration = look.pass_.moment.iteration
        if not self._weights:
            return ()
        before, self._last = self._last, look.weights
        if True not in map(eq, self._last, before) and self.idle:
            return ()
        same = map(eq, self._last, before)
        step = rate / self.run.grad_scale
        where = {
            (p.layer, 0): p.data or 0
            for p, is_same, weight in zip(self._weights, same, self._last, strict=False)
            if is_same and weight and self.at(p.layer).enabled
            if self._should_move(p, step * look.values[p.diff or 0], weight)
        }
        return self.follow(where, look)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether each weight moves, or need not, and nothing is open."""
        if self.run.solver_type not in _KNOWN or self.run.clips:
            return True
        if survey.layout is not self._layout or not self.idle or survey.clipped:
            return False
        return not any(
            map(self._may_stay, self._weights, self._last or repeat(nan), repeat(survey))
        )

    def _may_stay(self, p: Parameter, before: float, survey: Survey) -> bool:
        at = p.data or 0
        weights = survey.stretch.column(at)
        if before != weights[0] and True not in map(eq, weights, islice(weights, 1, None)):
            return False
        change = survey.fastest * survey.high[p.diff or 0]
        return self.at(p.layer).enabled and self._should_move(p, change, survey.low[at])

    def pass_over(self, survey: Survey) -> None:
        """Remember the weights."""
        layout = survey.layout
        if layout is None or self.run.solver_type not in _KNOWN or self.run.clips:
            return
        self._iteration = survey.stretch.iterations[-1]
        if self._weights:
            self._last = layout.pick_weights(survey.last())

    def _learn(self, layout: Layout) -> None:
        self._layout = layout
        self._weights, self._last = layout.weights, ()

    def _should_move(self, p: Parameter, change: float, weight: float) -> bool:
        mult = self.run.net.layer(p.layer).lr_mult(p.number)
        return mult * change >= weight * self.at(p.layer).expected

    def tell(self, look: Look, began: Place, layers: list[str]) -> Finding:
        """Say which layers show it, and since when."""
        return self.fire(
            began,
            f"Since {{iteration}} the weights of {enumerate_layers(layers)} have not moved for "
            f"{count(self.parameters.passes, 'pass')} (that of {began.layer} is "
            f"{spell(began.value or 0.0)}), though their gradients and the learning rate say that "
            "they should.",
            [
                "See whether something writes the weights back: a shared parameter, a layer that "
                "copies its blobs, another process that loads a snapshot.",
                "Check that the solver gets its gradients: a custom layer may not call its update.",
            ],
            layers,
            affects=len(layers),
        )
