"""Logs as dots on a parameter's axis: as text and as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from calibration.axis import Axis
from calibration.replay import Role
from calibration.separation import Dot, Separation

LETTERS: dict[Role, str] = {"healthy": "h", "must": "M", "faulty": "f"}
_COLOURS: dict[Role, str] = {"healthy": "#2a9d4a", "must": "#c62828", "faulty": "#9e9e9e"}
_COLUMNS = 61
_WIDTH, _LEFT, _RIGHT, _ROW, _STRIP = 720, 150, 60, 16, 96
_DOT = 4

_PAGE = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" \
font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
<text x="12" y="18" font-size="14" font-weight="bold">{title}</text>
{strips}
</svg>
"""
_STRIP_PARTS = """<g transform="translate(0 {top})">
<text x="12" y="14" font-weight="bold">{parameter}</text>
<text x="12" y="30">{direction}</text>
<line x1="{left}" x2="{right}" y1="62" y2="62" stroke="#777"/>
{ticks}
<line x1="{default:.1f}" x2="{default:.1f}" y1="4" y2="66" stroke="#1565c0" stroke-dasharray="3 2">\
<title>default {value:g}</title></line>
{dots}
</g>"""
_TICK = '<text x="{x:.1f}" y="76" text-anchor="middle" fill="#555">{value:.3g}</text>'
_CIRCLE = (
    '<circle cx="{x:.1f}" cy="{y}" r="{r}" fill="{colour}" fill-opacity="0.6">'
    "<title>{name}</title></circle>"
)


def ends(axis: Axis, dots: Sequence[Dot]) -> tuple[float, float]:
    """Return the part of an axis that shows all dots, in whole decades around the default."""
    places = [dot.at for dot in dots if math.isfinite(dot.at)] + [axis.decades(axis.default)]
    low = math.floor(min(places) - 0.5)
    return max(low, 0) if axis.whole else low, math.ceil(max(places) + 0.5)


def as_text(found: Separation) -> Iterator[str]:
    """Draw one row for each kind of log; logs beyond the ends are counted there.

    ``:`` marks the default, a letter one log, a digit that many, ``+`` ten or more.
    """
    low, high = ends(found.axis, found.dots)
    default = _column(found.axis.decades(found.axis.default), low, high)
    for role, letter in LETTERS.items():
        places = [dot.at for dot in found.dots if dot.role == role]
        if not places:
            continue
        row = ["·"] * _COLUMNS
        row[default] = ":"
        inside = [_column(at, low, high) for at in places if math.isfinite(at)]
        for column in inside:
            row[column] = _glyph(inside.count(column), letter)
        under, over = places.count(-math.inf), places.count(math.inf)
        yield f"    {letter} {under or '':>3} {''.join(row)} {over or ''}".rstrip()
    left, right = (f"{found.axis.value(at):.3g}" for at in (low, high))
    foot = f"{left}{right:>{_COLUMNS - len(left)}}"
    yield f"          {foot[:default]}{foot[default:].replace(' ', '^', 1)}"


def as_svg(title: str, found: Sequence[Separation]) -> str:
    """Draw a strip for each parameter of a rule; a dot says its log's name when pointed at.

    Dots at the very ends stand for logs in which the rule never, or always, fires.
    """
    strips = "\n".join(_strip(one, 28 + _STRIP * number) for number, one in enumerate(found))
    height = 34 + _STRIP * len(found)
    return _PAGE.format(width=_WIDTH, height=height, title=escape(title), strips=strips)


def _strip(found: Separation, top: int) -> str:
    axis = found.axis
    low, high = ends(axis, found.dots)
    ticks = (_TICK.format(x=_x(at, low, high), value=axis.value(at)) for at in _decades(low, high))
    dots = (
        _CIRCLE.format(
            x=_x(dot.at, low, high),
            y=14 + _ROW * row,
            r=_DOT,
            colour=_COLOURS[role],
            name=escape(f"{dot.log} ({role}): {_value(axis, dot.at)}"),
        )
        for row, role in enumerate(LETTERS)
        for dot in found.dots
        if dot.role == role
    )
    return _STRIP_PARTS.format(
        top=top,
        parameter=escape(found.parameter),
        direction=f"fires {'from' if found.upwards else 'up to'}",
        left=_LEFT,
        right=_WIDTH - _RIGHT,
        ticks="\n".join(ticks),
        default=_x(axis.decades(axis.default), low, high),
        value=axis.default,
        dots="\n".join(dots),
    )


def _value(axis: Axis, at: float) -> str:
    if math.isfinite(at):
        return f"{axis.value(at):.3g}"
    return f"below {axis.value(axis.low):.3g}" if at < 0 else f"above {axis.value(axis.high):.3g}"


def _glyph(number: int, letter: str) -> str:
    if number == 1:
        return letter
    return str(number) if number < 10 else "+"


def _column(at: float, low: float, high: float) -> int:
    return round((at - low) / (high - low) * (_COLUMNS - 1))


def _x(at: float, low: float, high: float) -> float:
    margin = 12
    left, right = _LEFT + margin, _WIDTH - _RIGHT - margin
    if math.isinf(at):
        return float(_LEFT if at < 0 else _WIDTH - _RIGHT)
    return left + (at - low) / (high - low) * (right - left)


def _decades(low: float, high: float) -> range:
    return range(round(low), round(high) + 1, max(1, round((high - low) / 8)))
