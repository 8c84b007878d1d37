"""Inputs from which nothing can be learned."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, repeat
from math import nan
from operator import eq
from typing import ClassVar

from caffewatch.detect.finding import Finding, Place, Severity
from caffewatch.detect.layout import Layout
from caffewatch.detect.look import Look
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import count, spell
from caffewatch.log.run import Run
from caffewatch.log.topology import Layer, Net

_NO_IMAGES = (
    "label",
    "im_info",
    "im_size",
    "gt_",
    "roi",
    "weight",
    "mask",
    "clip",
    "target",
)
"""Parts of the names of inputs that are labels, sizes or switches."""
_DEPTH = 4
"""Layers between an input and a loss that are looked through."""

_NO_DATA = frozenset({"DummyData", "Parameter"})
"""Layers without bottoms whose tops are constants or weights, not data."""


class BadInputParameters(Parameters):
    """Parameters of `BadInput`."""

    largest: float = parameter(
        1000.0, "mean |input| at or above which it is beyond any image's scale", "mean", 0.0
    )
    passes: int = parameter(5, "passes in a row, and without to be over", "passes", 1)
    constant: int = parameter(50, "passes in a row with the very same value", "passes", 2)


class BadInput(Rule[BadInputParameters]):
    """An input blob is all 0, never changes, or is beyond any image's scale.

    Fires when the mean |value| of an input is exactly 0, or at or above ``largest``, for ``passes``
    passes, or the very same for ``constant`` passes. An input is what a layer without bottoms
    makes; labels, image sizes and the like are told by where they go (a loss's or an accuracy's
    second bottom) and by their names.

    Silent on raw images of 0 to 255, which have a mean above 100 and are trained on.

    Source: no 8-bit image has a mean above 255; in the labelled runs inputs that do harm are at
    4000 and more, healthy ones below 1.
    """

    id: ClassVar[str] = "bad_input"
    title: ClassVar[str] = "bad input"
    severities: ClassVar[tuple[Severity, ...]] = ("warning",)
    Parameters: ClassVar[type[Parameters]] = BadInputParameters

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._layout: Layout | None = None
        self._inputs: list[int] = []
        self._streaks: dict[int, tuple[str, int, Place]] = {}
        self._last: list[float] = []
        self._well = 0
        self._finding: Finding | None = None

    def on_training(self, look: Look) -> Sequence[Finding]:
        """Look at the inputs of a pass."""
        if look.layout is not self._layout:
            self._layout = look.layout
            self._inputs = _inputs(look.layout, self.run.net)
            self._streaks.clear()
            self._last = []
            layers = [look.layout.blobs[at].layer for at in self._inputs]
            self._least = min((self.at(layer).largest for layer in layers), default=0.0)
        values = [look.values[at] for at in self._inputs]
        before, self._last = self._last, values
        if self._finding is None and not self._streaks and self._fine(values, before):
            return ()
        bad: list[tuple[int, str, int]] = []
        for number, at in enumerate(self._inputs):
            own = self.at(look.layout.blobs[at].layer)
            same = bool(before) and before[number] == values[number]
            how = _judge(values[number], same, own) if own.enabled else ""
            lasted = self._count(look, at, how)
            needed = own.constant if how == "constant" else own.passes
            if how and (lasted >= needed or (self._finding is not None and how != "constant")):
                bad.append((at, how, lasted))
        return self._report(look, bad)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether all inputs change and are in scale, and nothing is open."""
        if survey.layout is not self._layout or self._finding is not None or self._streaks:
            return False
        return all(map(self._changes, self._inputs, self._last or repeat(nan), repeat(survey)))

    def _changes(self, at: int, before: float, survey: Survey) -> bool:
        if not 0 < survey.low[at] <= survey.high[at] < self._least:
            return False
        column = survey.stretch.column(at)
        return before != column[0] and True not in map(eq, column, islice(column, 1, None))

    def pass_over(self, survey: Survey) -> None:
        """Remember the inputs."""
        if survey.layout is not None:
            values = survey.last()
            self._last = [values[at] for at in self._inputs]

    def _fine(self, values: list[float], before: list[float]) -> bool:
        """Tell quickly that no input can be bad."""
        if not values:
            return True
        changes = True not in map(eq, values, before)
        return changes and min(values) > 0 and max(values) < self._least

    def _count(self, look: Look, at: int, how: str) -> int:
        """Count for how many passes in a row an input has been bad in the same way."""
        kind, lasted, place = self._streaks.get(at, ("", 0, None))
        if not how:
            self._streaks.pop(at, None)
            return 0
        if kind != how or place is None:
            lasted, place = 0, self.place(look, at)
        self._streaks[at] = (how, lasted + 1, place)
        return lasted + 1

    def _report(self, look: Look, bad: list[tuple[int, str, int]]) -> Sequence[Finding]:
        if not bad:
            self._well += 1
            if self._finding is None or self._well < self.parameters.passes * self.patience:
                return ()
            ended, self._finding = self._finding, None
            return (self.end(ended),)
        self._well = 0
        layers = [look.layout.blobs[at].layer for at, _, _ in bad]
        if self._finding is not None:
            self._finding.spread(layers, look.layout.layers)
            return ()
        at, how, lasted = bad[0]
        place = self._streaks[at][2]
        seen = {
            "zero": "is all 0",
            "huge": f"has a mean |value| of {spell(look.values[at])}, beyond any image's scale",
            "constant": f"has been the very same ({spell(look.values[at])})",
        }[how]
        self._finding = self.fire(
            place,
            f"Since {{iteration}} input {look.layout.blobs[at].blob} {seen} for "
            f"{count(lasted, 'pass')}.",
            _ADVICE[how],
            list(dict.fromkeys(layers)),
            evidence=self.history(look.pass_, at),
            affects=len(bad),
        )
        return (self._finding,)


_ADVICE = {
    "zero": [
        "Look at what the data layer reads: empty or black images, a scale of 0, a mean file that "
        "takes everything away, an HDF5 data set that was never filled.",
    ],
    "huge": [
        "Scale the input: transform_param { scale: 0.00390625 } brings 0 … 255 to 0 … 1; take the "
        "mean off (mean_file, mean_value).",
        "Divide features by their standard deviation before they are written to the data set.",
    ],
    "constant": [
        "See whether the data layer gives the same batch every time: a source of one batch, a "
        "cursor that does not move, a generator with a fixed seed. To overfit a single batch on "
        "purpose, switch this off with bad_input: {enabled: false}.",
    ],
}


def _judge(value: float, same: bool, own: BadInputParameters) -> str:
    if value == 0:
        return "zero"
    if value >= own.largest:
        return "huge"
    return "constant" if same else ""


def _inputs(layout: Layout, net: Net) -> list[int]:
    """Return where the inputs of a pass stand that are no labels or sizes."""
    found = []
    for at, blob in enumerate(layout.blobs[: layout.backward]):
        described = net.layers.get(blob.layer)
        source = described is not None and not described.bottoms and blob.kind == "top"
        if described is not None and described.kind in _NO_DATA:
            continue
        source = source or blob.kind == "input" or (described is None and blob.layer == "data")
        if source and blob.kind != "param" and not _is_label(blob.blob, net):
            found.append(at)
    return found


def _is_label(blob: str, net: Net) -> bool:
    name = blob.lower()
    if any(part in name for part in _NO_IMAGES):
        return True
    return _is_judged(blob, net, depth=_DEPTH)


def _is_judged(blob: str, net: Net, depth: int) -> bool:
    """Tell whether only losses and accuracies see a blob, if through layers that learn nothing."""
    readers = [x for x in net.layers.values() if blob in x.bottoms]
    return bool(readers) and all(_judges(x, net, depth) for x in readers)


def _judges(layer: Layer, net: Net, depth: int) -> bool:
    if layer.kind.endswith("Loss") or layer.kind == "Accuracy":
        return True
    passes_on = layer.kind == "Split" or layer.needs_backward is False
    tops = [top for top in layer.tops if top not in layer.bottoms]
    return (
        passes_on and depth > 0 and any(tops) and all(_is_judged(x, net, depth - 1) for x in tops)
    )
