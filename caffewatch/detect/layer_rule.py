"""Rules whose symptom must last in a layer: one episode while any layer shows it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TypeVar

from caffewatch.detect.finding import Finding, Place
from caffewatch.detect.look import Look
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.streaks import Streaks
from caffewatch.log.run import Run


class LayerParameters(Parameters):
    """What every such rule can be told."""

    passes: int = parameter(
        5, "passes in a row that show it, and without it to be over", "passes", 1
    )


P = TypeVar("P", bound=LayerParameters)


class LayerRule(Rule[P], ABC):
    """A rule that counts, for each layer, the passes in a row that show its symptom.

    A subclass calls `follow` with what a pass shows, and defines `tell`.
    """

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._streaks = Streaks()
        self._finding: Finding | None = None

    @property
    def idle(self) -> bool:
        """Whether a pass without the symptom would change nothing."""
        return self._finding is None and not self._streaks.waiting

    def follow(
        self, seen: Mapping[tuple[str, int], int], look: Look, settle: bool = True
    ) -> Sequence[Finding]:
        """Take a pass: which places show the symptom, and where in the pass each one stands.

        Parameters
        ----------
        settle
            False for a pass in which not seeing the symptom proves nothing (it holds nan).
        """
        self._streaks.update(
            seen,
            lambda layer: self.at(layer).passes,
            lambda key: self.place(look, seen[key]),
            settle,
            self.patience,
        )
        lasting = self._streaks.lasting
        if not lasting:
            if self._finding is None:
                return ()
            ended, self._finding = self._finding, None
            return (self.end(ended),)
        affected = {layer for layer, _ in lasting}
        layers = [layer for layer in look.layout.layers if layer in affected]
        if self._finding is not None:
            self._finding.spread(layers, look.layout.layers)
            return ()
        began = min(lasting.values(), key=lambda place: place.line)
        self._finding = self.tell(look, began, layers)
        return (self._finding,)

    @abstractmethod
    def tell(self, look: Look, began: Place, layers: list[str]) -> Finding:
        """Make the finding: ``began`` is the first place, ``layers`` all of them in net order."""
