"""Counters that never go backwards, whatever happens to what they count."""

from __future__ import annotations

from collections.abc import Hashable, Set
from dataclasses import dataclass


@dataclass(slots=True)
class _Count:
    epoch: str
    value: float
    total: float


class RunningTotals:
    """Totals over counts that start again at 0: with a new run, or with a log read anew."""

    def __init__(self) -> None:
        self._counts: dict[Hashable, _Count] = {}

    def update(self, key: Hashable, value: float, epoch: str) -> float:
        """Take in a count and return the total so far.

        A count of a new epoch, or one that fell, has started again at 0.
        """
        count = self._counts.get(key)
        if count is None:
            self._counts[key] = _Count(epoch, value, value)
            return value
        restarted = epoch != count.epoch or value < count.value
        count.total += value if restarted else value - count.value
        count.epoch, count.value = epoch, value
        return count.total

    def keep(self, keys: Set[Hashable]) -> None:
        """Forget all counts but these, so that logs which left take no memory."""
        self._counts = {key: count for key, count in self._counts.items() if key in keys}
