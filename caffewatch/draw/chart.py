"""A chart of curves over iterations, as geometry that a template writes as SVG."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from caffewatch.draw.axis import Axis, Scale
from caffewatch.draw.figures import grouped, number, short
from caffewatch.history.curve import Bucket
from caffewatch.history.frozen import Mark

WIDTH, HEIGHT = 560, 220
LEFT, RIGHT, TOP, BOTTOM = 58, 8, 10, 24
MOST_POINTS = 400
COLOURS = 6
"""Curves that differ in colour; those beyond begin again with the first."""
DASHES = 3
"""Kinds of lines: solid, dashed, dotted."""
_MOST_MARKS = 60


@dataclass(frozen=True, slots=True)
class Line:
    """A curve to draw: its name and buckets.

    ``colour`` is None for the next one; ``dash`` is 0 for a solid line, and 1 or 2 for others.
    """

    name: str
    buckets: Sequence[Bucket]
    colour: int | None = None
    dash: int = 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A curve in the picture's own coordinates.

    ``path`` draws the finite values, ``odd`` bands where there was nan or inf; ``data``
    is JSON for whoever points at it: [first, last, low, high, what is not finite].
    """

    name: str
    colour: int
    dash: int
    path: str
    odd: str
    data: str
    last: str
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Stroke:
    """A mark in the picture."""

    x: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of curves; ``title`` says what it shows."""

    id: str
    title: str
    lines: Sequence[Drawn]
    marks: Sequence[Stroke]
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    log: bool
    x_range: tuple[float, float]


def chart(
    id: str, title: str, lines: Iterable[Line], marks: Sequence[Mark] = (), scale: Scale = "auto"
) -> Chart | None:
    """Lay a chart out; None where there is nothing to draw."""
    shown = [x for x in lines if x.buckets]
    if not shown:
        return None
    every = [bucket for line in shown for bucket in line.buckets]
    xs = [float(x) for b in every for x in (b.first, b.last)]
    x = Axis(min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1.0)
    y = Axis.of((v for b in every for v in (b.low, b.high) if v is not None), scale)
    return Chart(
        id,
        title,
        [_drawn(line, n, x, y) for n, line in enumerate(shown)],
        _strokes(marks, x),
        [(_x(place), grouped(int(float(label)))) for place, label in x.ticks(4)],
        [(_y(place), label) for place, label in y.ticks()],
        y.log,
        (x.low, x.high),
    )


def sparkline(buckets: Sequence[Bucket], width: int = 120, height: int = 28) -> tuple[str, str]:
    """Return the path of a small curve, and that of what is not finite in it."""
    if not buckets:
        return "", ""
    y = Axis.of(v for b in buckets for v in (b.low, b.high) if v is not None)
    step = width / max(1, len(buckets) - 1)
    path = [
        f"{place * step:.1f} {height - 2 - y.at(value) * (height - 4):.1f}"
        for place, bucket in enumerate(buckets)
        for value in _ends(bucket)
    ]
    places = [place * step for place in range(len(buckets))]
    return ("M" + "L".join(path) if path else ""), _bands(buckets, places, 0, height)


def _bands(buckets: Sequence[Bucket], places: Sequence[float], top: int, bottom: int) -> str:
    """Draw neighbours that are not finite as one band."""
    parts = []
    at = 0
    for is_odd, group in groupby(buckets, lambda bucket: bool(bucket.odd)):
        end = at + sum(1 for _ in group)
        if is_odd:
            left, right = places[at] - 1, places[end - 1] + 1
            parts.append(f"M{left:.1f} {top}H{right:.1f}V{bottom}H{left:.1f}z")
        at = end
    return "".join(parts)


def _drawn(line: Line, number: int, x: Axis, y: Axis) -> Drawn:
    path = []
    pen = "M"
    places = [_x(x.at(b.first / 2 + b.last / 2)) for b in line.buckets]
    for bucket, at in zip(line.buckets, places, strict=True):
        for value in _ends(bucket):
            path.append(f"{pen}{at:.1f} {_y(y.at(value)):.1f}")
            pen = "L"
        if not _ends(bucket):
            pen = "M"
    return Drawn(
        line.name, (number if line.colour is None else line.colour) % COLOURS, line.dash,
        "".join(path),
        _bands(line.buckets, places, TOP, HEIGHT - BOTTOM), _data(line.buckets),
        _last(line.buckets[-1]),
        short(min((b.low for b in line.buckets if b.low is not None), default=None)),
        short(max((b.high for b in line.buckets if b.high is not None), default=None)),
    )  # fmt: skip


def odd_names(bucket: Bucket) -> str:
    """Name what in a bucket is not finite."""
    return " ".join(n for bit, n in ((1, "nan"), (2, "inf"), (4, "-inf")) if bucket.odd & bit)


def _last(bucket: Bucket) -> str:
    return odd_names(bucket) or short(bucket.high)


def _ends(bucket: Bucket) -> list[float]:
    return [x for x in dict.fromkeys((bucket.low, bucket.high)) if x is not None]


def _data(buckets: Sequence[Bucket]) -> str:
    rows = [
        [b.first, b.last, *(number(None if v is None else float(f"{v:.5g}")) for v in b[2:4]),
         odd_names(b)]
        for b in buckets
    ]  # fmt: skip
    return json.dumps(rows, separators=(",", ":"), allow_nan=False)


def _strokes(marks: Sequence[Mark], x: Axis) -> list[Stroke]:
    """Place marks; of many of a kind the last are shown."""
    inside = [m for m in marks if m.iteration is not None and x.low <= m.iteration <= x.high]
    alerts = [m for m in inside if m.kind == "alert"]
    others = [m for m in inside if m.kind != "alert"][-_MOST_MARKS:]
    return [
        Stroke(_x(x.at(float(m.iteration or 0))), m.kind, m.text)
        for m in [*others, *alerts[:_MOST_MARKS]]
    ]


def _x(place: float) -> float:
    return LEFT + place * (WIDTH - LEFT - RIGHT)


def _y(place: float) -> float:
    return HEIGHT - BOTTOM - place * (HEIGHT - BOTTOM - TOP)
