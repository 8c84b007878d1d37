"""The map of a net's layers over time: rows in net order, columns of a bounded number."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isnan, nan
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from caffewatch.detect.layout import Values
from caffewatch.history.curve import LARGEST
from caffewatch.log.events import Blob
from caffewatch.log.stretch import Stretch

Quantity = Literal["gradient", "activation", "weight"]
QUANTITIES: tuple[Quantity, ...] = ("gradient", "activation", "weight")
MISSING = -1.0
"""In the place of a value that was not printed: none is negative, being a mean of magnitudes."""
MOST_ROWS = 1000
_PENDING = 16
"""Blocks that wait to be put into a column together, which is several times cheaper."""
_KINDS: dict[tuple[str, str], Quantity] = {
    ("forward", "top"): "activation", ("forward", "param"): "weight",
    ("backward", "param"): "gradient",
}  # fmt: skip


class Span(NamedTuple):
    """The iterations that a column covers; None while no line has numbered them."""

    first: int | None
    last: int | None


class LayerMap:
    """The largest value of each layer and quantity in every stretch of time; nan before all.

    Of a layer's blobs it takes the first top, the first parameter and that one's gradient.

    Parameters
    ----------
    capacity
        Columns at most; even.
    """

    def __init__(self, capacity: int = 160) -> None:
        self._capacity = capacity
        self._width = 1
        self._in_last = 0
        self._rows: dict[str, int] = {}
        self._cells: dict[int, int] = {}
        self._pending: list[Sequence[float]] = []
        self._columns: list[array[float]] = []
        self._spans: list[Span] = []
        self._number: int | None = None
        self._blobs: tuple[Blob, ...] = ()
        self._pick: Callable[[Values], Sequence[float]] | None = None
        self._sparse = False

    def __getstate__(self) -> dict[str, Any]:
        """Pickle arrays as bytes: a saved core makes no objects but this package's own."""
        self._settle()
        columns = [x.tobytes() for x in self._columns]
        return {**self.__dict__, "_columns": columns, "_blobs": (), "_pick": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._columns = [array("f", x) for x in state["_columns"]]

    @property
    def spans(self) -> Sequence[Span]:
        """The iterations of each column."""
        self._settle()
        return self._spans

    def copy(self) -> LayerMap:
        """Return a copy that another thread may read."""
        self._settle()
        copy = LayerMap(self._capacity)
        copy._rows, copy._cells, copy._spans = dict(self._rows), dict(self._cells), self._spans[:]
        copy._columns = [x[:] for x in self._columns]
        return copy

    def rows(self, quantity: Quantity) -> Iterator[tuple[str, array[float]]]:
        """Yield the layers that have a quantity, each with its value in every column.

        They are float32, `MISSING` among them.
        """
        self._settle()
        offset = QUANTITIES.index(quantity)
        places = {
            layer: at
            for layer, row in self._rows.items()
            if (at := self._cells.get(3 * row + offset)) is not None
        }
        if not places or not self._columns:
            return
        pick = _picker(list(places.values()))
        columns = (pick(_padded(x, len(self._cells))) for x in self._columns)
        for layer, values in zip(places, zip(*columns, strict=True), strict=True):
            if values.count(MISSING) < len(values):
                yield layer, array("f", values)

    def add(self, blobs: tuple[Blob, ...], values: Values, blocks: int = 1) -> None:
        """Take a block of the training net, or the largest values of several in one column."""
        if blobs is not self._blobs:
            self._learn(blobs)
        if self._pick is None:
            return
        picked = self._pick([*values, MISSING] if self._sparse else values)
        if self._columns and self._in_last < self._width:
            self._pending.append(picked)
            self._in_last += blocks
            if len(self._pending) >= _PENDING:
                self._settle()
            return
        self._settle()
        if len(self._columns) >= self._capacity:
            self._halve()
        self._columns.append(array("f", picked))
        self._spans.append(Span(None, None))
        self._in_last = 1

    def extend(self, stretch: Stretch, highest: Mapping[int, float]) -> None:
        """Take the blocks of a stretch, all finite, and the largest of each value in it."""
        if stretch.blobs is not self._blobs:
            self._learn(stretch.blobs)
        start, count, passes = 0, stretch.blocks, stretch.passes
        values: Values
        while start < count:
            taken = min(count - start, self._width - self._in_last) if self._columns else 0
            if taken <= 1:
                taken, values = 1, stretch.block(start)
            elif taken == count and not self._sparse:
                values = highest
            else:
                values = list(map(max, *map(stretch.block, range(start, start + taken))))
            self.add(stretch.blobs, values, taken)
            numbered = stretch.iterations[start // passes : (start + taken) // passes]
            if passes > 1 and numbered:
                self.number(numbered[0])
            if numbered:
                self.number(numbered[-1])
            start += taken

    def _settle(self) -> None:
        """Put the blocks that wait into the last column, and number it."""
        if self._number is not None:
            self._reach(self._number)
        pending, self._pending = self._pending, []
        if not pending:
            return
        column = _padded(self._columns[-1], len(pending[-1]))
        if isnan(sum(map(sum, pending))):
            for cells in pending:
                column = _larger(column, array("f", cells))
        else:
            column = array("f", map(max, column, *pending))  # max keeps a nan that comes first
        self._columns[-1] = column

    def number(self, iteration: int) -> None:
        """Say which iteration the blocks since the last call belong to."""
        self._number = iteration
        if self._spans and self._spans[-1].first is None:
            self._reach(iteration)

    def _reach(self, iteration: int) -> None:
        self._number = None
        at = len(self._spans) - 1
        known = int(min(iteration, LARGEST))
        if at >= 0 and self._spans[at].last != known:
            self._spans[at] = Span(self._spans[at].first, known)
        while at >= 0 and self._spans[at].first is None:
            self._spans[at] = Span(known, known)
            at -= 1

    def _learn(self, blobs: tuple[Blob, ...]) -> None:
        """Find where in a block each cell of a column stands."""
        self._settle()
        self._blobs = blobs
        places: dict[int, int] = {}
        for index, blob in enumerate(blobs):
            quantity = _KINDS.get((blob.phase, blob.kind))
            if quantity is None:
                continue
            if blob.layer not in self._rows and len(self._rows) >= MOST_ROWS:
                continue
            row = self._rows.setdefault(blob.layer, len(self._rows))
            places.setdefault(3 * row + QUANTITIES.index(quantity), index)
        for cell in places:
            self._cells.setdefault(cell, len(self._cells))
        picks = [places.get(cell, len(blobs)) for cell in self._cells]
        self._sparse = len(blobs) in picks
        self._pick = _picker(picks) if picks else None

    def _halve(self) -> None:
        pairs = zip(self._columns[::2], self._columns[1::2], strict=True)
        self._columns = [_larger(a, b) for a, b in pairs]
        spans = zip(self._spans[::2], self._spans[1::2], strict=True)
        self._spans = [Span(a.first, b.last if b.last is not None else a.last) for a, b in spans]
        self._width *= 2


def _picker(places: Sequence[int]) -> Callable[[Values], Sequence[float]]:
    if len(places) == 1:
        return lambda values: (values[places[0]],)
    return itemgetter(*places)


def _padded(column: array[float], length: int) -> array[float]:
    if len(column) == length:
        return column
    return column + array("f", [MISSING]) * (length - len(column))


def _larger(old: array[float], new: array[float]) -> array[float]:
    """Return the larger of each two cells, or nan where one of them is nan."""
    old, new = _padded(old, len(new)), _padded(new, len(old))
    if isnan(sum(new)):
        return array("f", (nan if isnan(b) else max(a, b) for a, b in zip(old, new, strict=True)))
    return array("f", map(max, old, new))  # max keeps a nan that comes first
