"""The layer map as a picture with a pixel for each value, so that a deep net stays small."""

from __future__ import annotations

import math
import sys
from array import array
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

from caffewatch.draw.assets import colours
from caffewatch.draw.figures import grouped, short
from caffewatch.draw.raster import pictures
from caffewatch.history.layers import MISSING, LayerMap, Quantity, Span

SHADES = 12
MOST_CELLS = 24_000
CELL_HEIGHT = 16
_LEAST_HEIGHT, _MOST_HEIGHT = 4, 4096
"""Of a row where there are many, and of all rows up to which none is made smaller."""
WIDTH = 800
FEWEST_COLUMNS = 24
"""Columns of a map that has more cells than it should."""
LONGEST_NAME = 24
"""Letters of a layer's name that are written; a part of a longer name makes way."""
_LETTER, _GUTTER_AROUND = 9, 16
_COLOURS = ("zero", *(f"s{n}" for n in range(SHADES)), "inf", "nan")
_NAN = len(_COLOURS)
_TINY = 1e-300
"""Smaller than any value that is not 0."""


@dataclass(frozen=True, slots=True)
class Row:
    """A layer's line of the map; ``label`` is its name as there is room for it."""

    layer: str
    label: str
    first: str
    last: str
    low: str
    high: str
    odd: bool


@dataclass(frozen=True, slots=True)
class Heat:
    """The map of one quantity.

    ``light`` and ``dark`` are the addresses of its picture, a pixel for each value; ``data`` are
    the values for whoever points at them. ``ticks`` are (place, label) of iterations, ``ends`` the
    values of the outer shades, None where no value has a shade, and ``gutter`` the room that the
    layers' names need. A row is ``cell`` high, and one in ``every`` has its name beside it.
    """

    quantity: Quantity
    rows: Sequence[Row]
    light: str
    dark: str
    data: str
    ticks: Sequence[tuple[float, str]]
    spans: str
    ends: tuple[str, str] | None
    cell: int
    every: int
    height: int
    gutter: int


def heat(
    made: LayerMap,
    quantity: Quantity,
    most_cells: int = MOST_CELLS,
    fewest_columns: int = FEWEST_COLUMNS,
) -> Heat | None:
    """Lay the map of a quantity out; None where nothing was printed of it."""
    rows = list(made.rows(quantity))
    if not rows:
        return None
    most_columns = max(fewest_columns, most_cells // len(rows))
    step = -(-len(made.spans) // most_columns)
    cells = [(layer, _joined(values, step)) for layer, values in rows]
    spans = _joined_spans(made.spans, step)
    sizes = [x for _, row in cells for x in row if 0 < x < math.inf]
    labels = _labels([layer for layer, _ in rows])
    low, high = min(sizes, default=1.0), max(sizes, default=1.0)
    pixels = _pixels([values for _, values in cells], low, high)
    light, dark = pictures(pixels, ([known[x] for x in _COLOURS] for known in colours()))
    cell = min(CELL_HEIGHT, max(_LEAST_HEIGHT, _MOST_HEIGHT // len(rows)))
    return Heat(
        quantity,
        [_row(layer, label, values) for (layer, values), label in zip(cells, labels, strict=True)],
        light,
        dark,
        _data([values for _, values in cells]),
        _ticks(spans),
        " ".join(f"{_said(x.first)}:{_said(x.last)}" for x in spans),
        (short(low), short(high)) if sizes else None,
        cell,
        -(-CELL_HEIGHT // cell),
        cell * len(rows),
        _GUTTER_AROUND + _LETTER * max(map(len, labels)),
    )


def _joined(values: array[float], step: int) -> array[float]:
    """Make one cell of each ``step`` neighbours: of the largest, and of nan before all."""
    if step == 1:
        return values
    if math.isnan(sum(values)):
        groups = (values[at : at + step] for at in range(0, len(values), step))
        return array("f", [next(filter(math.isnan, x), max(x)) for x in groups])
    padded = values + array("f", [MISSING]) * (-len(values) % step)
    return array("f", map(max, *(padded[at::step] for at in range(step))))


def _joined_spans(spans: Sequence[Span], step: int) -> list[Span]:
    groups = [spans[at : at + step] for at in range(0, len(spans), step)]
    return [Span(group[0].first, group[-1].last) for group in groups]


def _row(layer: str, label: str, values: Sequence[float]) -> Row:
    known = [x for x in values if x != MISSING] if MISSING in values else values
    finite = known if math.isfinite(sum(known)) else [x for x in known if math.isfinite(x)]
    return Row(
        layer,
        label,
        short(known[0]),
        short(known[-1]),
        short(min(finite, default=None)),
        short(max(finite, default=None)),
        len(finite) < len(known),
    )


def _labels(layers: Sequence[str]) -> list[str]:
    """Shorten names so that as many as possible still differ.

    Those of a deep net do in their first part, in their last or in both.
    """
    kept = LONGEST_NAME - 1
    ways = [
        [x if len(x) <= LONGEST_NAME else f"{x[: kept - end]}…{x[len(x) - end :]}" for x in layers]
        for end in (kept // 2, 0, kept)
    ]
    return max(ways, key=lambda labels: len(set(labels)))


def _pixels(rows: Sequence[Sequence[float]], low: float, high: float) -> list[bytes]:
    """Give each value the number of its colour, 0 for none; shades are even on a log scale."""
    first, last = math.log10(low), math.log10(high)
    between = [10 ** (first + (last - first) * n / SHADES) for n in range(1, SHADES)]
    if last <= first:
        middle = SHADES // 2
        between = [_TINY] * middle + [math.inf] * (SHADES - 1 - middle)
    bounds = [0.0, _TINY, *between, math.inf]
    pixels = []
    for row in rows:
        numbers = bytes(map(bisect_right, repeat(bounds), row))
        if math.isnan(sum(row)):
            numbers = bytes(_NAN if math.isnan(x) else n for n, x in zip(numbers, row, strict=True))
        pixels.append(numbers)
    return pixels


def _data(rows: Sequence[array[float]]) -> str:
    """Write values in three bytes each, of the four of a float32: first all third ones, and so on.

    What is lost is a digit after the fourth.
    """
    every = array("f", b"".join(row.tobytes() for row in rows))
    if sys.byteorder == "big":
        every.byteswap()
    data = every.tobytes()
    return b64encode(data[1::4] + data[2::4] + data[3::4]).decode()


def _ticks(spans: Sequence[Span]) -> list[tuple[float, str]]:
    wanted = dict.fromkeys(round(n * (len(spans) - 1) / 4) for n in range(5))
    return [
        (WIDTH * (at + 0.5) / len(spans), grouped(spans[at].first))
        for at in wanted
        if spans[at].first is not None
    ]


def _said(iteration: int | None) -> str:
    return "?" if iteration is None else str(iteration)
