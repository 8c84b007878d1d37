"""Numbers for machines and for people."""

from __future__ import annotations

import math
from datetime import UTC, datetime


def number(value: float | None) -> float | str | None:
    """Return a JSON number; what is not finite as "nan", "inf" or "-inf"."""
    if value is None or math.isfinite(value):
        return value
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def short(value: float | None) -> str:
    """Write a value in four digits, or without its fraction; an empty text for None."""
    if value is None:
        return ""
    if 1e4 <= abs(value) < 1e6:
        return f"{value:.0f}"
    return "nan" if math.isnan(value) else f"{value:.4g}"


def grouped(value: int | None) -> str:
    """Write a whole number with thin gaps between its thousands."""
    return "" if value is None else f"{value:,}".replace(",", "\u202f")


def moment(seconds: float) -> str:
    """Write seconds since the epoch to the minute."""
    return f"{stamp(seconds)} UTC"


def stamp(seconds: float) -> str:
    """Write a time by a log's own clock to the minute."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def duration(seconds: float) -> str:
    """Write a time in its two largest units: 2 h 5 min."""
    if not math.isfinite(seconds) or seconds > 1e9:
        return "years"
    left = int(seconds)
    parts = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if left >= size:
            parts.append(f"{left // size} {unit}")
            left %= size
    return " ".join(parts[:2]) or "0 s"
