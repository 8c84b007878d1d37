"""What a line costs, counted and not timed: calls, uses of regular expressions, and objects.

Each bound is the figure at the time of writing and a quarter more. What exceeds it made the fast
path slower; what stays far below it deserves a lower bound.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from types import FrameType
from typing import Any, NamedTuple

import pytest

import training_logs
from caffewatch.monitor import Monitor

WARM, MEASURED = 60_000, 15_000
"""Lines that are read before counting begins, and lines that are counted."""
_MATCHING = frozenset({"match", "search", "fullmatch", "finditer"})


class Cost(NamedTuple):
    """What one line costs, on average.

    ``calls`` counts functions written in Python, ``built_in`` those that they call, ``matches`` the
    uses of regular expressions among these. ``objects`` are those that the garbage collector
    tracks and that the reading leaves behind as events, before any rule has seen them.
    """

    calls: float
    built_in: float
    matches: float
    objects: float


BOUNDS = {
    "small": Cost(calls=0.36, built_in=1.14, matches=0.001, objects=0.36),
    "large": Cost(calls=0.125, built_in=0.11, matches=0.001, objects=0.027),
    "quiet": Cost(calls=1.82, built_in=2.6, matches=0.001, objects=1.6),
    "foreign": Cost(calls=0.95, built_in=2.7, matches=0.32, objects=0.2),
    "tests": Cost(calls=0.39, built_in=1.14, matches=0.001, objects=0.22),
    "passes": Cost(calls=0.27, built_in=0.73, matches=0.001, objects=0.28),
    "snapshots": Cost(calls=0.58, built_in=1.4, matches=0.014, objects=0.22),
    "clipped": Cost(calls=0.37, built_in=1.4, matches=0.055, objects=0.26),
}
SAID = {
    "snapshots": (
        12,
        (
            b"solver.cpp:464] Snapshotting to binary proto file x_iter_500.caffemodel\n",
            b"sgd_solver.cpp:284] Snapshotting solver state to binary proto file x.solverstate\n",
        ),
    ),
    "clipped": (
        1,
        (
            b"sgd_solver.cpp:99] Gradient clipping: scaling down gradients (L2 norm 70.5 > 35) "
            b"by scale factor 0.5\n",
        )
        * 5,
    ),
}
"""Kind -> behind how many displays a log says what beside them."""


def lines_of(kind: str) -> list[bytes]:
    """Return the lines of a log of a kind, each with its end."""
    every, said = SAID.get(kind, (0, ()))
    made = b"".join(training_logs.pieces("tests" if every else kind, WARM + MEASURED + 10_000))
    lines = made.splitlines(keepends=True)
    ends = [at for at, line in enumerate(lines, 1) if every and b", lr = " in line]
    for at in ends[:: -(every or 1)]:
        prefix = lines[at - 1].partition(b"sgd_solver")[0]
        lines[at:at] = [prefix + text for text in said]
    return lines[: WARM + MEASURED]


def started(lines: list[bytes]) -> Monitor:
    """Return a monitor that has learned the shape of the log."""
    monitor = Monitor(reference=0.0)
    monitor.feed(b"".join(lines[:WARM]), 0.0)
    return monitor


def cost(kind: str) -> Cost:
    """Count what the lines of a log cost."""
    lines = lines_of(kind)
    rest = b"".join(lines[WARM:])
    count = len(lines) - WARM
    monitor = started(lines)
    seen: Counter[str] = Counter()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        seen[event] += 1
        if event == "c_call" and argument.__name__ in _MATCHING:
            seen["match"] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        monitor.feed(rest, 0.0)
    finally:
        sys.setprofile(before)

    reader = started(lines)
    gc.collect()
    gc.disable()
    try:
        tracked = gc.get_count()[0]
        events = reader.read(rest, 0.0)
        tracked = gc.get_count()[0] - tracked
    finally:
        gc.enable()
    assert events
    return Cost(
        seen["call"] / count, seen["c_call"] / count, seen["match"] / count, tracked / count
    )


@pytest.mark.parametrize("kind", BOUNDS)
def test_a_line_costs_no_more(kind: str) -> None:
    """Lines of passes, of displays, of tests, and foreign ones."""
    found, bound = cost(kind), BOUNDS[kind]

    over = {name: value for name, value in found._asdict().items() if value > getattr(bound, name)}
    assert over == {}, f"{kind}: {found}"


def test_a_pass_line_costs_no_call() -> None:
    """A block of 650 lines takes no more calls than one of 35, give or take a few."""
    small, large = cost("small"), cost("large")

    assert large.calls < small.calls / 2
    assert large.objects < small.objects / 5
