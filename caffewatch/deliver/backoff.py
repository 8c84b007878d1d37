"""How long to wait before the next try."""

from __future__ import annotations

from collections.abc import Callable

FIRST = 1.0
LONGEST = 300.0
_DOUBLINGS = 16
"""Doubling further changes nothing below `LONGEST` and would overflow in the end."""


def backoff(failures: int, random: Callable[[], float]) -> float:
    """Draw a wait in seconds: exponential, with full jitter between 1 s and a ceiling.

    The ceiling doubles with every failure, from 2 s to 5 min. The jitter keeps the receivers of
    many machines from coming back in step after an outage (Brooker, "Exponential Backoff And
    Jitter", 2015).

    Parameters
    ----------
    failures
        Tries that have failed so far, 1 or more.
    random
        Gives numbers in [0, 1).
    """
    ceiling = min(LONGEST, FIRST * 2.0 ** min(failures, _DOUBLINGS))
    return FIRST + (ceiling - FIRST) * random()
