"""The layer map as geometry: one path for each colour, so that a deep net stays small."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

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
    logs = [
        math.log10(x)
        for _, row in cells
        for x in row
        if x is not None and x > 0 and math.isfinite(x)
    ]
    low, high = min(logs, default=0.0), max(logs, default=0.0)
    return Heat(
        quantity,
        [_row(layer, values) for layer, values in cells],
        _paths([values for _, values in cells], low, high),
        _ticks(spans),
        " ".join(f"{_said(x.first)}:{_said(x.last)}" for x in spans),
        (short(10**low), short(10**high)),
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
    width = WIDTH / columns
    found: dict[str, list[str]] = {}
    for number, row in enumerate(rows):
        shades = [_shade(x, low, high) for x in row]
        start = 0
        for at in range(1, len(shades) + 1):
            if at < len(shades) and shades[at] == shades[start]:
                continue
            if shades[start]:
                x, y, long = start * width, number * CELL_HEIGHT, (at - start) * width
                found.setdefault(shades[start], []).append(
                    f"M{x:.4g} {y}h{long:.4g}v{CELL_HEIGHT - 1}h-{long:.4g}z"
                )
            start = at
    return [(shade, "".join(parts)) for shade, parts in sorted(found.items())]


def _shade(value: float | None, low: float, high: float) -> str:
    if value is None:
        return ""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf"
    if value <= 0:
        return "zero"
    place = 0.5 if high <= low else (math.log10(value) - low) / (high - low)
    return f"s{min(SHADES - 1, int(place * SHADES))}"


def _ticks(spans: Sequence[Span]) -> list[tuple[float, str]]:
    wanted = dict.fromkeys(round(n * (len(spans) - 1) / 4) for n in range(5))
    return [
        (WIDTH * (at + 0.5) / len(spans), grouped(spans[at].first))
        for at in wanted
        if spans[at].first is not None
    ]


def _said(iteration: int | None) -> str:
    return "?" if iteration is None else str(iteration)
