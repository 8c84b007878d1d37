"""What the metrics may know of one receiver."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Result = Literal["delivered", "retried", "rejected", "expired"]
RESULTS: tuple[Result, ...] = ("delivered", "retried", "rejected", "expired")

DELAY_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0, 86400.0)
"""Upper bounds in seconds: from "at once" to the age at which a notification is given up."""


@dataclass(frozen=True, slots=True)
class DeliveryStats:
    """Counts of one receiver since the process began.

    Parameters
    ----------
    outcomes
        Tries by result; every result is there. ``expired`` counts notifications whose last try
        failed past the age limit.
    errors
        Exceptions of ours, in rendering, sending or the outbox.
    queue_length
        What waited after the last step, as the outbox counts it.
    delays
        Seconds from the writing of a notification to its delivery: (upper bound, how many took at
        most that), cumulative, the last bound infinite.
    delay_sum
        Sum of these delays, seconds.
    """

    receiver: str
    outcomes: Mapping[Result, int]
    errors: int
    queue_length: int
    delays: tuple[tuple[float, int], ...]
    delay_sum: float


def add(left: DeliveryStats, right: DeliveryStats) -> DeliveryStats:
    """Add the counts of two workers of one receiver."""
    return DeliveryStats(
        left.receiver,
        {result: left.outcomes[result] + right.outcomes[result] for result in RESULTS},
        left.errors + right.errors,
        left.queue_length + right.queue_length,
        tuple((x, n + m) for (x, n), (_, m) in zip(left.delays, right.delays, strict=True)),
        left.delay_sum + right.delay_sum,
    )


class DeliveryCounter:
    """Counts for one receiver, from one thread."""

    def __init__(self, receiver: str) -> None:
        self.errors = 0
        self.queue_length = 0
        self._receiver = receiver
        self._outcomes: dict[Result, int] = dict.fromkeys(RESULTS, 0)
        self._delays = [0] * (len(DELAY_BOUNDS) + 1)
        self._delay_sum = 0.0

    def count(self, result: Result) -> None:
        """Count one try."""
        self._outcomes[result] += 1

    def observe(self, delay: float) -> None:
        """Count one delivered notification's delay in seconds; a clock set back gives 0."""
        delay = max(delay, 0.0)
        self._delays[bisect_left(DELAY_BOUNDS, delay)] += 1
        self._delay_sum += delay

    def freeze(self) -> DeliveryStats:
        """Make a picture that other threads may keep."""
        total, cumulative = 0, []
        for bound, count in zip((*DELAY_BOUNDS, math.inf), self._delays, strict=True):
            total += count
            cumulative.append((bound, total))
        return DeliveryStats(
            self._receiver,
            dict(self._outcomes),
            self.errors,
            self.queue_length,
            tuple(cumulative),
            self._delay_sum,
        )
