"""What a rule saw, and where."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import field
from typing import Literal

from caffewatch.log.events import Blob, Moment
from caffewatch.log.slotted import slotted

Severity = Literal["info", "warning", "critical"]
Origin = Literal["here", "weights_already_bad"]
Evidence = tuple[Moment, float]


@slotted
class Place:
    """Where in the log, and in the net, something was seen. What does not apply is None."""

    line: int
    moment: Moment
    previous_iteration: int | None
    net: str | None = None
    phase: str | None = None
    layer: str | None = None
    kind: str | None = None
    blob: str | None = None
    quantity: str | None = None
    value: float | None = None

    @classmethod
    def of(
        cls, blob: Blob, value: float, line: int, moment: Moment, previous: int | None, net: str
    ) -> Place:
        """Make the place of one debug_info value."""
        return cls(line, moment, previous, net, *blob[:4], blob.quantity, value)


@slotted
class Finding:
    """One episode of a fault: where its condition began, and all that is known of it since.

    Parameters
    ----------
    place
        The first place; ``layers`` holds all of them, in net order.
    text
        What was seen, in words; ``{iteration}`` stands for the iteration, which a later line may
        still correct.
    advice
        What to do about it, most useful first.
    evidence
        The last values of the place, oldest first.
    affects
        How many values of the block were affected, None where that says nothing.
    weights_bad
        Whether any parameter of the net was nan or inf at the place's pass.
    ended
        The last iteration displayed before it resolved, None while it fires.
    """

    rule: str
    severity: Severity
    episode: int
    place: Place
    layers: list[str]
    text: str
    advice: Sequence[str]
    evidence: Sequence[Evidence] = ()
    affects: int | None = None
    origin: Origin | None = None
    state: Literal["firing", "resolved"] = "firing"
    caused_by: str | None = None
    consequences: list[str] = field(default_factory=list)
    weights_bad: bool = False
    ended: int | None = None

    @property
    def iteration(self) -> int | None:
        """The iteration at which the condition began."""
        return self.place.moment.iteration

    @property
    def when(self) -> str:
        """The iteration in words, as it is known now."""
        moment = self.place.moment
        if moment.iteration is None:
            return "an iteration that the log has not numbered yet"
        return f"iteration {moment.iteration}" + (" (estimated)" if moment.estimated else "")

    @property
    def message(self) -> str:
        """What was seen, in words, with the iteration as it is known now."""
        return self.text.replace("{iteration}", self.when)

    def spread(self, layers: Collection[str], order: Iterable[str]) -> None:
        """Add layers that were affected later; ``order`` is the net's."""
        new = set(layers) - set(self.layers)
        if new:
            new.update(self.layers)
            self.layers = [layer for layer in order if layer in new]

    @property
    def loud(self) -> bool:
        """Whether people are to be told: of severity warning or critical, and not folded."""
        return self.severity != "info" and self.caused_by is None
