"""Where in a pass's list of values each thing stands: worked out once for each order of blobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from caffewatch.log.events import Blob
from caffewatch.log.prototxt import whole
from caffewatch.log.topology import Net

Values = Sequence[float] | Mapping[int, float]
"""Of a block, by their index in it."""
UNLEARNED = frozenset({"BatchNorm", "BN"})
"""Layers whose parameters are running statistics, not learned."""


class Parameter(NamedTuple):
    """One parameter of a layer: where its data and its gradient stand.

    ``diff`` is None where the log prints no gradient (lr_mult 0); ``learned`` is False for frozen
    parameters and BatchNorm's statistics. ``number`` 0 is the weight, 1 the bias.
    """

    layer: str
    number: int
    data: int | None
    diff: int | None
    learned: bool


class Activation(NamedTuple):
    """One activation layer: where its output and its input stand."""

    layer: str
    kind: str
    output: int
    input: int


class Layout:
    """Indices into the values of one order of blobs.

    Attributes
    ----------
    backward
        Index of the first [Backward] value; the number of [Forward] values.
    weights
        The learned weights (no biases) whose data and gradients are both printed.
    """

    def __init__(self, blobs: tuple[Blob, ...], net: Net) -> None:
        self.blobs = blobs
        phases = [blob.phase for blob in blobs]
        self.backward = phases.index("backward") if "backward" in phases else len(blobs)
        self.parameters = _parameters(blobs, net)
        self.activations = _activations(blobs, net)
        self.layers = list(dict.fromkeys(blob.layer for blob in blobs))
        self.weights = [p for p in self.parameters if p.learned and p.number == 0]
        self.weights = [p for p in self.weights if None not in (p.data, p.diff)]
        self.pick_weights = picker([p.data or 0 for p in self.weights])

    def weights_of(self, layer: str) -> list[int]:
        """Return where the data of a layer's own parameters stand."""
        return [p.data for p in self.parameters if p.layer == layer and p.data is not None]


def picker(indices: Sequence[int]) -> Callable[[Values], tuple[float, ...]]:
    """Return what takes the values at these indices, and the first of them once more.

    A getter of one index would give no tuple; whoever zips stops before the one too many. Of no
    index it takes nothing.
    """
    return itemgetter(*indices, indices[0]) if indices else _nothing


def _nothing(values: Values) -> tuple[float, ...]:
    return ()


def _parameters(blobs: tuple[Blob, ...], net: Net) -> list[Parameter]:
    data: dict[tuple[str, int], int] = {}
    diff: dict[tuple[str, int], int] = {}
    seen: Counter[str] = Counter()
    for at, blob in enumerate(blobs):
        if blob.kind != "param":
            continue
        if blob.phase == "forward":
            data[blob.layer, seen[blob.layer]] = at
            seen[blob.layer] += 1
        elif (index := whole(blob.blob)) is not None:
            diff[blob.layer, index] = at
    keys = sorted(data.keys() | diff.keys(), key=lambda k: (data.get(k, diff.get(k, 0)), k))
    found = []
    for layer, index in keys:
        described = net.layer(layer)
        learned = (
            (layer, index) in diff
            and described.kind not in UNLEARNED
            and described.lr_mult(index) != 0
        )
        where = data.get((layer, index)), diff.get((layer, index))
        found.append(Parameter(layer, index, *where, learned))
    return found


def _activations(blobs: tuple[Blob, ...], net: Net) -> list[Activation]:
    bottoms = {b.layer: b.blob for b in blobs if b.phase == "backward" and b.kind == "bottom"}
    written: dict[str, int] = {}
    found = []
    for at, blob in enumerate(blobs):
        if blob.phase != "forward" or blob.kind not in ("top", "input"):
            continue
        layer = net.layer(blob.layer)
        if layer.kind in ("ReLU", "Sigmoid", "TanH") and layer.negative_slope == 0:
            bottom = layer.bottoms[0] if layer.bottoms else bottoms.get(blob.layer, blob.blob)
            if bottom in written:
                found.append(Activation(blob.layer, layer.kind, at, written[bottom]))
        written[blob.blob] = at
    return found
