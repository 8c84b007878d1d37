"""What a loss means: chance, and places of findings about it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from caffewatch.detect.finding import Evidence, Place
from caffewatch.log.displays import FIRST, Display
from caffewatch.log.events import TRAIN, Moment
from caffewatch.log.run import Run
from caffewatch.log.topology import Layer, Net

SHOWN = 8


class Chance:
    """The loss of guessing, worked out once for each net."""

    def __init__(self) -> None:
        self._net: Net | None = None
        self._loss: float | None = None

    def of(self, net: Net) -> float | None:
        """Return `chance` of a net."""
        if net is not self._net:
            self._net, self._loss = net, chance(net)
        return self._loss


class Untrained:
    """The loss that the net of a run has, or would have, before it has learned anything."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._loss: float | None = None
        self._known = False

    @property
    def loss(self) -> float | None:
        """That of guessing, or where a fresh run began lower; None where the log does not tell."""
        if not self._known and self._run.displays.count >= FIRST:
            self._known = True
            start = self._run.displays.start if is_fresh(self._run) else None
            told = [x for x in (start, chance(self._run.net)) if x is not None]
            self._loss = min(told, default=None)
        return self._loss

    def learned(self, share: float, losses: Sequence[float]) -> bool:
        """Tell whether `still` is False for certain at all of the next displays.

        ``losses`` are theirs, and finite.
        """
        displays = self._run.displays
        if displays.count < 2 * FIRST:
            return False
        before = displays.latest(FIRST)
        return self.loss is None or max(*before, *losses) < share * self.loss

    def still(self, share: float, level: float | None = None) -> bool:
        """Tell whether the last losses are at or above this share of it: nothing was learned.

        ``level`` is the mean of the last `FIRST`, where it is known.
        """
        displays = self._run.displays
        if displays.count < 2 * FIRST:
            return False
        loss, level = self.loss, displays.level(FIRST) if level is None else level
        return loss is not None and level is not None and 0 < share * loss <= level


def is_fresh(run: Run) -> bool:
    """Tell whether the run's first losses are those of an untrained net.

    Not so where it was resumed or finetuned, or where the log begins in its midst.
    """
    return run.loaded is None and (run.first_iteration or 0) <= (run.display or 1)


def chance(net: Net) -> float | None:
    """Return the loss of a net that guesses: the sum of weight times ln(classes).

    None where the net has no softmax loss, or another loss beside it, or where the log does not
    say how many classes there are: glog cuts a message after 30,000 characters, and with it the
    dump of a large net.
    """
    if not all(layer.kind for layer in net.layers.values()):
        return None
    losses = [x for x in net.layers.values() if _is_loss(x) and _weight(x)]
    total = 0.0
    for layer in losses:
        classes = _classes(net, layer)
        if layer.kind != "SoftmaxWithLoss" or classes is None or classes < 2:
            return None
        total += _weight(layer) * math.log(classes)
    return total or None


def _is_loss(layer: Layer) -> bool:
    return layer.kind.endswith("Loss") or bool(layer.loss_weights)


def _weight(layer: Layer) -> float:
    return layer.loss_weights[0] if layer.loss_weights else 1.0


def _classes(net: Net, loss: Layer) -> int | None:
    blob = loss.bottoms[0] if loss.bottoms else ""
    for layer in reversed(net.layers.values()):
        if blob in layer.tops and layer.num_output is not None:
            return layer.num_output
        if blob in layer.tops and layer.kind == "Split" and layer.bottoms:
            blob = layer.bottoms[0]
    return None


def loss_place(display: Display, run: Run, value: float | None = None) -> Place:
    """Return the place of a display's loss."""
    moment = Moment(display.iteration, estimated=False)
    before = [x.iteration for x in run.displays.recent if x.iteration < display.iteration]
    shown = display.loss if value is None else value
    return Place(
        display.line,
        moment,
        before[-1] if before else None,
        TRAIN,
        kind="loss",
        blob="loss",
        value=shown,
    )


def loss_history(run: Run) -> Sequence[Evidence]:
    """Return the last losses as rules judge them."""
    recent = list(run.displays.recent)[-SHOWN:]
    return [(Moment(x.iteration, estimated=False), x.loss) for x in recent]
