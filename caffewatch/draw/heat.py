"""The layer map as geometry: one path for each colour, so that a deep net stays small."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from caffewatch.draw.figures import grouped, short
from caffewatch.history.layers import LayerMap, Quantity, Span

SHADES = 12
MOST_CELLS = 24_000
CELL_HEIGHT = 16
WIDTH = 800
_FEWEST_COLUMNS = 24


@dataclass(frozen=True, slots=True)
class Row:
    """A layer's line of the map; ``values`` are its cells for whoever points at them."""

    layer: str
    values: str
    first: str
    last: str
    low: str
    high: str
    odd: bool


@dataclass(frozen=True, slots=True)
class Heat:
    """The map of one quantity.

    ``paths`` are (class, path data): s0 to s11 from the smallest to the largest value, zero, nan
    and inf. ``ticks`` are (place, label) of iterations, ``ends`` the values of the outer shades.
    """

    quantity: Quantity
    rows: Sequence[Row]
    paths: Sequence[tuple[str, str]]
    ticks: Sequence[tuple[float, str]]
    spans: str
    ends: tuple[str, str]
    height: int


def heat(made: LayerMap, quantity: Quantity, most_cells: int = MOST_CELLS) -> Heat | None:
    """Lay the map of a quantity out; None where nothing was printed of it."""
    rows = list(made.rows(quantity))
    if not rows:
        return None
    step = _step(len(made.spans), len(rows), most_cells)
    cells = [(layer, _joined(values, step)) for layer, values in rows]
    spans = _joined_spans(made.spans, step)
    sizes = [x for _, row in cells for x in row if x is not None and 0 < x < math.inf]
    low, high = min(sizes, default=1.0), max(sizes, default=1.0)
    return Heat(
        quantity,
        [_row(layer, values) for layer, values in cells],
        _paths([values for _, values in cells], low, high),
        _ticks(spans),
        " ".join(f"{_said(x.first)}:{_said(x.last)}" for x in spans),
        (short(low), short(high)),
        CELL_HEIGHT * len(rows),
    )


def _step(columns: int, rows: int, most_cells: int) -> int:
    most = max(_FEWEST_COLUMNS, most_cells // rows)
    return -(-columns // most)


def _joined(values: Sequence[float | None], step: int) -> list[float | None]:
    if step == 1:
        return list(values)
    return [_largest(values[at : at + step]) for at in range(0, len(values), step)]


def _largest(values: Sequence[float | None]) -> float | None:
    known = [x for x in values if x is not None]
    return next((x for x in known if math.isnan(x)), max(known, default=None))


def _joined_spans(spans: Sequence[Span], step: int) -> list[Span]:
    groups = [spans[at : at + step] for at in range(0, len(spans), step)]
    return [Span(group[0].first, group[-1].last) for group in groups]


def _row(layer: str, values: Sequence[float | None]) -> Row:
    known = [x for x in values if x is not None]
    finite = [x for x in known if math.isfinite(x)]
    return Row(
        layer,
        " ".join("-" if x is None else f"{x:.3g}" for x in values),
        short(known[0] if known else None),
        short(known[-1] if known else None),
        short(min(finite, default=None)),
        short(max(finite, default=None)),
        len(finite) < len(known),
    )


def _paths(
    rows: Sequence[Sequence[float | None]], low: float, high: float
) -> list[tuple[str, str]]:
    """Draw stretches of one shade as one rectangle."""
    columns = max(len(row) for row in rows)
    lengths = [f"{WIDTH / columns * n:.4g}" for n in range(columns + 1)]
    bounds, names = _scale(low, high)
    found: dict[str, list[str]] = {}
    for number, row in enumerate(rows):
        start, top = 0, number * CELL_HEIGHT
        for shade, group in groupby(_shade(x, bounds, names) for x in row):
            end = start + sum(1 for _ in group)
            if shade:
                long = lengths[end - start]
                found.setdefault(shade, []).append(
                    f"M{lengths[start]} {top}h{long}v{CELL_HEIGHT - 1}h-{long}z"
                )
            start = end
    return [(shade, "".join(parts)) for shade, parts in sorted(found.items())]


def _scale(low: float, high: float) -> tuple[Sequence[float], Sequence[str]]:
    """Return what separates the shades, evenly on a log scale, and their names."""
    first, last = math.log10(low), math.log10(high)
    if last <= first:
        return (), (f"s{SHADES // 2}",)
    bounds = [10 ** (first + (last - first) * n / SHADES) for n in range(1, SHADES)]
    return bounds, [f"s{n}" for n in range(SHADES)]


def _shade(value: float | None, bounds: Sequence[float], names: Sequence[str]) -> str:
    if value is None:
        return ""
    if math.isnan(value):
        return "nan"
    if value <= 0:
        return "zero"
    return "inf" if value == math.inf else names[bisect_right(bounds, value)]


def _ticks(spans: Sequence[Span]) -> list[tuple[float, str]]:
    wanted = dict.fromkeys(round(n * (len(spans) - 1) / 4) for n in range(5))
    return [
        (WIDTH * (at + 0.5) / len(spans), grouped(spans[at].first))
        for at in wanted
        if spans[at].first is not None
    ]


def _said(iteration: int | None) -> str:
    return "?" if iteration is None else str(iteration)
