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
LEFT, RIGHT, TOP, BOTTOM = 72, 8, 10, 24
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
    id: str,
    title: str,
    lines: Iterable[Line],
    marks: Sequence[Mark] = (),
    scale: Scale = "auto",
    span: tuple[float, float] | None = None,
) -> Chart | None:
    """Lay a chart out; None where there is nothing to draw.

    ``span`` are the first and the last iteration of the picture, its own ones without it.
    """
    shown = [x for x in lines if x.buckets]
    if not shown:
        return None
    every = [bucket for line in shown for bucket in line.buckets]
    low, high = span or span_of(shown)
    x = Axis(low, high if high > low else low + 1.0)
    known = [v for b in every for v in (b.low, b.high) if v is not None]
    y = Axis.of(known, scale)
    return Chart(
        id,
        title,
        [_drawn(line, n, x, y) for n, line in enumerate(shown)],
        _strokes(marks, x),
        _iterations(x),
        [(_y(place), label) for place, label in y.ticks()] if known else [],
        y.log,
        (x.low, x.high),
    )


def span_of(lines: Iterable[Line]) -> tuple[float, float]:
    """Return the first and the last iteration of curves, of which at least one has buckets."""
    ends = [float(x) for line in lines for b in line.buckets for x in (b.first, b.last)]
    return min(ends), max(ends)


def _iterations(x: Axis) -> list[tuple[float, str]]:
    """Label the axis with whole numbers, each once."""
    whole = {round(x.low + place * (x.high - x.low)): place for place, _ in x.ticks(4)}
    if x.high - x.low < 4:
        whole = {n: x.at(n) for n in range(int(x.low), int(x.high) + 1)}
    return [(_x(place), grouped(n)) for n, place in whole.items()]


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
    return _stroke(path, "h4"), _bands(buckets, places, 0, height)


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
    strokes: list[list[str]] = [[]]
    places = [_x(x.at(b.first / 2 + b.last / 2)) for b in line.buckets]
    for bucket, at in zip(line.buckets, places, strict=True):
        strokes[-1] += [f"{at:.1f} {_y(y.at(value)):.1f}" for value in _ends(bucket)]
        if not _ends(bucket):
            strokes.append([])
    return Drawn(
        line.name, (number if line.colour is None else line.colour) % COLOURS, line.dash,
        "".join(map(_stroke, strokes)),
        _bands(line.buckets, places, TOP, HEIGHT - BOTTOM), _data(line.buckets),
        _last(line.buckets[-1]),
        short(min((b.low for b in line.buckets if b.low is not None), default=None)),
        short(max((b.high for b in line.buckets if b.high is not None), default=None)),
    )  # fmt: skip


def _stroke(points: Sequence[str], alone: str = "m-3 0l3-3 3 3-3 3z") -> str:
    """Join points; one ``alone``, which no line would show, is a shape of its own."""
    return "M" + "L".join(points) + (alone if len(points) == 1 else "") if points else ""


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
    """Place marks, at the left end those from before the first iteration, such as a resume.

    Of many of a kind the last are shown.
    """
    placed = [(x.low if m.iteration is None else float(m.iteration), m) for m in marks]
    inside = [(at, m) for at, m in placed if x.low <= at <= x.high]
    alerts = [one for one in inside if one[1].kind == "alert"]
    others = [one for one in inside if one[1].kind != "alert"][-_MOST_MARKS:]
    return [Stroke(_x(x.at(at)), m.kind, m.text) for at, m in [*others, *alerts[:_MOST_MARKS]]]


def _x(place: float) -> float:
    return LEFT + place * (WIDTH - LEFT - RIGHT)


def _y(place: float) -> float:
    return HEIGHT - BOTTOM - place * (HEIGHT - BOTTOM - TOP)
