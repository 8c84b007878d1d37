"""A handful of values as one short line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float]) -> str:
    """Draw values as bars on a logarithmic scale; nan as ×, inf as ∞, 0 as a low dot.

    Values that differ by less than a factor of two are drawn level.
    """
    logs = [math.log10(x) for x in values if x > 0 and math.isfinite(x)]
    low = min(logs, default=0.0)
    span = max(max(logs, default=0.0) - low, math.log10(2))
    return "".join(_glyph(value, low, span) for value in values)


def _glyph(value: float, low: float, span: float) -> str:
    if math.isnan(value):
        return "×"
    if math.isinf(value):
        return "∞"
    if value <= 0:
        return "."
    at = (math.log10(value) - low) / span
    return _BARS[min(len(_BARS) - 1, round(at * (len(_BARS) - 1)))]
