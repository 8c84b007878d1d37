"""The scale along which a parameter is varied."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import Field, dataclass
from typing import Any

REACH = 4.0
"""Decades to either side of the default."""
PRECISION = 0.02
"""Decades to which a critical value is found: 5 %. Counts are exact."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A parameter's range in decades.

    Shares (a range that ends at 1 or below) are laid out by their odds, so that 0.999 is as far
    from 0.99 as 0.001 from 0.01.

    Parameters
    ----------
    low, high
        The ends in decades: ``REACH`` from the default, or the declared range where that is less.
    odds
        Whether a decade is a factor of ten in the odds.
    whole
        Whether only integers count.
    """

    default: float
    low: float
    high: float
    odds: bool
    whole: bool

    @classmethod
    def of(cls, parameter: Field[Any]) -> Axis | None:
        """Make the axis of a rule's parameter; None where it is no number above 0."""
        default: Any = parameter.default
        if type(default) not in (int, float) or default <= 0:
            return None
        whole = type(default) is int
        minimum = parameter.metadata.get("minimum") or int(whole)
        maximum = parameter.metadata.get("maximum")
        odds = maximum is not None and maximum <= 1 and default < 1
        middle = _decades(default, odds)
        low, high = middle - REACH, middle + REACH
        if minimum > 0:
            low = max(low, _decades(minimum, odds))
        if maximum is not None and not (odds and maximum == 1):
            high = min(high, _decades(maximum, odds))
        return cls(default, low, high, odds, whole)

    def decades(self, value: float) -> float:
        """Return where a value lies."""
        return _decades(value, self.odds)

    def value(self, decades: float) -> float:
        """Return the value at a place; the nearest integer where only those count."""
        value = 10**decades
        if self.odds:
            value /= 1 + value
        return round(value) if self.whole else value


def crossing(axis: Axis, end: float, fires: Callable[[float], bool]) -> float | None:
    """Find where between the default and one end of its axis a rule begins or ceases to fire.

    A threshold does so once; whether a rule fires is asked at both ends and then by halves.

    Parameters
    ----------
    end
        In decades.
    fires
        Tells whether the rule fires at a value.

    Returns
    -------
    The last value at which it fires; None where the end is as the default.
    """
    near, far = axis.default, axis.value(end)
    at_default = fires(near)
    if fires(far) == at_default:
        return None
    while not _close(axis, near, far):
        middle = axis.value((axis.decades(near) + axis.decades(far)) / 2)
        if fires(middle) == at_default:
            near = middle
        else:
            far = middle
    return near if at_default else far


def _close(axis: Axis, one: float, other: float) -> bool:
    if axis.whole:
        return abs(one - other) <= 1
    return abs(axis.decades(one) - axis.decades(other)) <= PRECISION


def _decades(value: float, odds: bool) -> float:
    return math.log10(value / (1 - value)) if odds else math.log10(value)
