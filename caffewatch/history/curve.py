"""One value over iterations, however many there are, in a fixed number of buckets."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from math import inf, isfinite, isnan
from typing import Any, NamedTuple

NAN, POSITIVE, NEGATIVE = 1, 2, 4
"""Bits of `Bucket.odd`: what is not finite."""
LARGEST = 2.0**53
"""Iterations beyond this are drawn as if they were it."""
_PENDING = 64
"""Values that wait to be put into buckets together, which is several times cheaper."""


class Bucket(NamedTuple):
    """Neighbouring values of a curve.

    ``low`` and ``high`` bound the finite ones, None where there are none; ``odd`` holds the bits
    `NAN`, `POSITIVE` and `NEGATIVE` of the others.
    """

    first: int
    last: int
    low: float | None
    high: float | None
    odd: int = 0


class Curve:
    """A bounded curve that keeps spikes and nan: each bucket has its smallest and largest value.

    A full curve merges neighbours, so that every bucket but the last covers equally many values.

    Parameters
    ----------
    capacity
        Buckets at most; even.
    """

    def __init__(self, capacity: int = 1000) -> None:
        self._capacity = capacity
        self._width = 1
        self._in_last = 0
        self._first, self._last = array("d"), array("d")
        self._low, self._high = array("d"), array("d")
        self._odd = array("B")
        self._pending: list[tuple[int, float]] = []

    def __len__(self) -> int:
        self._settle()
        return len(self._odd)

    def __getstate__(self) -> tuple[Any, ...]:
        """Pickle arrays as bytes: a saved core makes no objects but this package's own."""
        self._settle()
        arrays = (self._first, self._last, self._low, self._high, self._odd)
        return (self._capacity, self._width, self._in_last, *(x.tobytes() for x in arrays))

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._capacity, self._width, self._in_last, *data = state
        self._pending = []
        first, last, low, high, odd = data
        self._first, self._last = array("d", first), array("d", last)
        self._low, self._high, self._odd = array("d", low), array("d", high), array("B", odd)

    def copy(self) -> Curve:
        """Return a copy that another thread may read."""
        self._settle()
        copy = Curve(self._capacity)
        copy._width, copy._in_last = self._width, self._in_last
        copy._first, copy._last = self._first[:], self._last[:]
        copy._low, copy._high, copy._odd = self._low[:], self._high[:], self._odd[:]
        return copy

    def add(self, iteration: int, value: float) -> None:
        """Add the value of an iteration that is not before the last one."""
        self._pending.append((iteration, value))
        if len(self._pending) >= _PENDING:
            self._settle()

    def extend(self, values: Iterable[tuple[int, float]]) -> None:
        """Add values as `add` does, each with its iteration."""
        self._pending.extend(values)
        if len(self._pending) >= _PENDING:
            self._settle()

    def _settle(self) -> None:
        """Put the values that wait into buckets."""
        if not self._pending:
            return
        iterations, values = zip(*self._pending, strict=True)
        self._pending.clear()
        start = 0
        while start < len(values):
            if not self._odd or self._in_last >= self._width:
                self._open(iterations[start])
            end = min(start + self._width - self._in_last, len(values))
            self._extend(iterations[end - 1], values[start:end])
            start = end

    def _open(self, iteration: int) -> None:
        """Begin a bucket that has no value yet."""
        if len(self._odd) >= self._capacity:
            self._halve()
        x = float(min(iteration, LARGEST))
        self._first.append(x)
        self._last.append(x)
        self._low.append(inf)
        self._high.append(-inf)
        self._odd.append(0)
        self._in_last = 0

    def _extend(self, iteration: int, values: tuple[float, ...]) -> None:
        """Add values to the last bucket, which has room for them, up to an iteration."""
        self._in_last += len(values)
        self._last[-1] = float(min(iteration, LARGEST))
        if not isfinite(sum(values)):
            for value in values:
                self._odd[-1] |= _odd(value)
            values = tuple(filter(isfinite, values))
        self._low[-1] = min((self._low[-1], *values))
        self._high[-1] = max((self._high[-1], *values))

    def buckets(
        self, most: int | None = None, since: float = -inf, until: float = inf
    ) -> list[Bucket]:
        """Return the buckets that reach into a range of iterations, merged to ``most`` of them."""
        chosen = [i for i in range(len(self)) if self._last[i] >= since and self._first[i] <= until]
        if not chosen:
            return []
        most = len(chosen) if most is None else max(1, most)
        step = -(-len(chosen) // most)
        return [self._merged(chosen[at : at + step]) for at in range(0, len(chosen), step)]

    def _merged(self, places: Sequence[int]) -> Bucket:
        start, end = places[0], places[-1] + 1
        low, high = min(self._low[start:end]), max(self._high[start:end])
        odd = 0
        for bits in self._odd[start:end]:
            odd |= bits
        empty = low > high
        return Bucket(
            int(self._first[start]), int(self._last[end - 1]),
            None if empty else low, None if empty else high, odd,
        )  # fmt: skip

    def _halve(self) -> None:
        self._first, self._last = self._first[::2], self._last[1::2]
        self._low = array("d", map(min, self._low[::2], self._low[1::2]))
        self._high = array("d", map(max, self._high[::2], self._high[1::2]))
        self._odd = array("B", (a | b for a, b in _pairs(self._odd)))
        self._width *= 2


def _pairs(values: array[int]) -> Iterator[tuple[int, int]]:
    return zip(values[::2], values[1::2], strict=True)


def _odd(value: float) -> int:
    if isfinite(value):
        return 0
    if isnan(value):
        return NAN
    return POSITIVE if value > 0 else NEGATIVE
