"""From values to places in a picture."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from caffewatch.draw.figures import short

Scale = Literal["auto", "log", "linear"]
_DECADES = 1.0
"""Factors of ten that values must span before they are drawn on a log scale unasked."""

_LARGEST = sys.float_info.max
_SMALLEST = 1e-300
"""What a log scale may show: halves of smaller numbers are not exact, or 0."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from ``low`` to ``high``, both included; a log one has positive ends."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def of(cls, values: Iterable[float], scale: Scale = "auto") -> Axis:
        """Choose the ends for finite values; what is not positive forbids a log scale."""
        known = list(values) or [0.0, 1.0]
        low, high = min(known), max(known)
        log = low > _SMALLEST and scale != "linear"
        if scale == "auto":
            log = log and math.log10(high) - math.log10(low) >= _DECADES
        if low == high:
            if log:
                return cls(low / 2, min(high, _LARGEST / 2) * 2, True)
            room = min(abs(low) / 2, _LARGEST - abs(low)) or 0.5
            return cls(low - room, high + room)
        return cls(low, high, log)

    def at(self, value: float) -> float:
        """Return where a value stands: 0 at the low end, 1 at the high one."""
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            return (math.log10(value) - low) / (high - low)
        half = self.high / 2 - self.low / 2  # halves, since a span may overflow
        return (value / 2 - self.low / 2) / half if half > 0 else 0.5

    def ticks(self, most: int = 5) -> list[tuple[float, str]]:
        """Return (place, label) of a few round values."""
        return [(self.at(x), short(x)) for x in (self._powers(most) or self._rounds(most))]

    def _powers(self, most: int) -> list[float]:
        """Return powers of ten, or their multiples by 2 and 5 where those are too few."""
        if not self.log:
            return []
        first = math.floor(math.log10(self.low) + 1e-9)
        last = math.floor(math.log10(self.high) + 1e-9)
        step = -(-(last - first + 1) // most)
        for factors in ((1,), (1, 2, 5)):
            values = (n * 10.0**power for power in range(first, last + 1, step) for n in factors)
            found = [x for x in values if self.low <= x <= self.high]
            if len(found) > 2:
                return found
        return found if len(found) > 1 else []

    def _rounds(self, most: int) -> list[float]:
        span = self.high / most - self.low / most
        if not (math.isfinite(span) and span > 0):
            return [self.low, self.high]
        size = 10.0 ** max(-300, math.floor(math.log10(span)))
        step = next((size * n for n in (1, 2, 5, 10) if size * n >= span), span)
        start = math.ceil(self.low / step)
        found = [x for n in range(most + 2) if (x := (start + n) * step) <= self.high]
        return found or [self.low, self.high]
