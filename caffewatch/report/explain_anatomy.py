"""What each line of a block is: the role of its blob in its layer, and its own history."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from caffewatch.detect.layout import UNLEARNED, Layout, Parameter
from caffewatch.log.events import Blob, Pass
from caffewatch.log.prototxt import whole
from caffewatch.log.topology import Net
from caffewatch.report.explain_block import Block, Picture


class Role(StrEnum):
    """What a blob is to its layer."""

    INPUT = "input"
    EXTRA = "extra"
    """What comes with the input: labels, image sizes."""
    OUTPUT = "output"
    LOSS = "loss"
    METRIC = "metric"
    WEIGHT = "weight"
    BIAS = "bias"
    STATISTIC = "statistic"


_NAMES = (
    ("deconv", "Deconvolution"), ("upsample", "Deconvolution"), ("conv", "Convolution"),
    ("fc", "InnerProduct"), ("ip", "InnerProduct"), ("inner", "InnerProduct"),
    ("score", "InnerProduct"), ("scale", "Scale"), ("bn", "BatchNorm"), ("norm", "LRN"),
    ("accuracy", "Accuracy"), ("concat", "Concat"), ("prob", "Softmax"),
)  # fmt: skip
_SPLIT = re.compile(r"_\d+_split$")
_WITH_PARAMETERS = frozenset({"Deconvolution", "Convolution", "InnerProduct", "Scale", "BatchNorm"})
_DATA = ("data", "input", "pair")
_METRICS = frozenset({"Accuracy", "ArgMax", "DetectionEvaluate", "DetectionOutput"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a block, and what it is.

    Parameters
    ----------
    line
        Its number in the log.
    kind
        The layer's type; empty where the log does not give it and its name says nothing.
    guessed
        Whether the type was only guessed from the name.
    number
        Which parameter of its layer it is about; None for outputs and inputs.
    history
        Its values in the blocks before, oldest first.
    """

    line: int
    blob: Blob
    value: float
    kind: str
    guessed: bool
    role: Role
    number: int | None
    history: tuple[float, ...] = ()

    @property
    def gradient(self) -> bool:
        """Whether it is a gradient that came down the net."""
        return self.blob.phase == "backward"

    @property
    def usual(self) -> float | None:
        """The median of its history; None where there is none."""
        return median(self.history) if self.history else None


class Anatomy:
    """A block taken apart.

    Attributes
    ----------
    entries
        One for each debug_info line, in the order of the log; [Update] lines last.
    gradients
        The gradients among them, by role and number.
    layout
        Where parameters and activations stand in the entries.
    """

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.block: Block = picture.block
        self.net: Net = picture.run.net
        pass_ = self.block.pass_
        self.layout = Layout(pass_.blobs, self.net)
        self._numbers = _numbers(self.layout, pass_.blobs)
        self._with_parameters = {layer for layer, _ in self._numbers}
        self._history = _history(picture.before)
        self.entries = self._read(pass_)
        if self.block.update is not None:
            self.entries += self._read(self.block.update)
        self.gradients: dict[tuple[Role, int | None], list[Entry]] = {}
        for entry in filter(lambda x: x.gradient, self.entries):
            self.gradients.setdefault((entry.role, entry.number), []).append(entry)
        self._parameters: dict[tuple[str, int | None], Parameter] = {
            (p.layer, p.number): p for p in reversed(self.layout.parameters)
        }

    def parameter_of(self, entry: Entry) -> Parameter | None:
        """Return where the data and the gradient of an entry's parameter stand."""
        return self._parameters.get(_key(entry))

    def lr_mult(self, entry: Entry) -> float:
        """Return the learning rate multiplier of an entry's parameter."""
        return self.net.layer(entry.blob.layer).lr_mult(entry.number or 0)

    def before(self, entry: Entry) -> Entry | None:
        """Return the entry of an activation layer's input."""
        if entry.kind == "Split":
            return None
        for found in self.layout.activations:
            if self.entries[found.output] is entry:
                return self.entries[found.input]
        return None

    def _read(self, pass_: Pass) -> list[Entry]:
        seen: Counter[str] = Counter()
        entries = []
        for at, (blob, value) in enumerate(zip(pass_.blobs, pass_.values, strict=True)):
            kind, guessed = self._kind(blob.layer)
            number = self._number(blob)
            top = seen[blob.layer] if blob.kind == "top" else 0
            seen[blob.layer] += blob.kind == "top"
            role = self._role(blob, kind, number, top)
            history = tuple(x[blob] for x in self._history if blob in x)
            entries.append(
                Entry(pass_.line_of(at), blob, value, kind, guessed, role, number, history)
            )
        return entries

    def _number(self, blob: Blob) -> int | None:
        if blob.kind != "param":
            return None
        index = whole(blob.blob)
        return self._numbers.get((blob.layer, blob.blob), 0) if index is None else index

    def _kind(self, name: str) -> tuple[str, bool]:
        """Return a layer's type, by the log or by its name and whether it has parameters."""
        layer = self.net.layer(name)
        if layer.type:
            return layer.type, False
        has = name in self._with_parameters
        if _SPLIT.search(name):  # Caffe puts it in by itself, so no dump describes it
            return "Split", False
        if layer.kind and not (has and layer.kind in ("ReLU", "Pooling")):
            return layer.kind, True
        low = name.lower()
        if "loss" in low and not has:
            return "Loss", True
        if low.startswith(_DATA) and not has:
            return "Data", True
        fits = (k for part, k in _NAMES if part in low and has == (k in _WITH_PARAMETERS))
        return next(fits, ""), True

    def _role(self, blob: Blob, kind: str, number: int | None, top: int) -> Role:
        if number is not None:
            if kind in UNLEARNED:
                return Role.STATISTIC
            return Role.WEIGHT if number == 0 and kind != "Bias" else Role.BIAS
        if kind.endswith("Loss"):
            return Role.LOSS
        if kind in _METRICS:
            return Role.METRIC
        if blob.kind == "input" or _feeds(kind, self.net, blob.layer):
            extra = top > 0 or "label" in blob.blob.lower()
            return Role.EXTRA if extra else Role.INPUT
        return Role.OUTPUT


def _feeds(kind: str, net: Net, layer: str) -> bool:
    known = net.layers.get(layer)
    if known is not None and (known.bottoms or kind == "Split"):
        return False
    return "Data" in kind or kind in ("Input", "Python")


def _key(entry: Entry) -> tuple[str, int | None]:
    return entry.blob.layer, entry.number


def _numbers(layout: Layout, blobs: Sequence[Blob]) -> dict[tuple[str, str], int]:
    """Return (layer, printed name) -> number of each parameter; gradients print the number."""
    return {
        (p.layer, blobs[p.data].blob): p.number for p in layout.parameters if p.data is not None
    }


def _history(before: Sequence[Pass]) -> list[dict[Blob, float]]:
    return [dict(zip(x.blobs, x.values, strict=True)) for x in before]
