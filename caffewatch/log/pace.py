"""How fast a run is, by the stamps of its displays."""

from __future__ import annotations

from collections.abc import Sequence
from operator import sub


def paces(
    before: int | None, then: float | None, iterations: range, times: Sequence[float]
) -> list[float | None] | None:
    """Return iterations per second up to each display, from the one ``before`` at ``then`` on.

    None where that one is not known, or where numbers or stamps do not rise.
    """
    if before is None or then is None or before >= iterations[0]:
        return None
    gaps = list(map(sub, times, (then, *times)))
    if min(gaps) <= 0:
        return None
    step = iterations.step
    return [(iterations[0] - before) / gaps[0], *(step / gap for gap in gaps[1:])]
