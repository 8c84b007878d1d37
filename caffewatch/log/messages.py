"""Messages that say all they mean by themselves: a match of the grammar to an event."""

from __future__ import annotations

import re
from collections.abc import Callable

from caffewatch.log.events import (
    Blob,
    Clipped,
    Ended,
    Event,
    Iteration,
    LayerIgnored,
    LearningRate,
    Loaded,
    Output,
    Restarted,
    SnapshotWritten,
    Solving,
    TestStarted,
    Waiting,
)  # fmt: skip
from caffewatch.log.grammar import RATE, number

Match = re.Match[str]
_ITERATION = re.compile(r"_iter_(\d{1,15})(?!\d)")
MAX_QUOTE = 500
"""Characters of a log's own words that an event quotes."""


def _iteration(line: int, time: float | None, m: Match) -> Event:
    rate = RATE.match(m[2] or "")
    return Iteration(
        line,
        time,
        iteration=int(m[1]),
        loss=number(m[3]),
        rate=number(rate[1]) if rate else None,
        ignored=m[4] is not None,
    )


def _learning_rate(line: int, time: float | None, m: Match) -> Event:
    return LearningRate(line, time, int(m[1]), number(m[2]), number(m[3]) if m[3] else 1.0)


def _testing(line: int, time: float | None, m: Match) -> Event:
    return TestStarted(line, time, int(m[1]), f"test{m[2] or 0}")


def _clipped(line: int, time: float | None, m: Match) -> Event:
    return Clipped(line, number(m[1]), number(m[2]))


def _snapshot(line: int, time: float | None, m: Match) -> Event:
    return SnapshotWritten(line, m[1], iteration_in(m[1]))


def _resumed(line: int, time: float | None, m: Match) -> Event:
    return Loaded(line, m[1], resumed=True)


def _finetuned(line: int, time: float | None, m: Match) -> Event:
    return Loaded(line, m[1], resumed=False)


def _done(line: int, time: float | None, m: Match) -> Event:
    return Ended(line, time, "finished", m[0])


def _stopped(line: int, time: float | None, m: Match) -> Event:
    return Ended(line, time, "stopped", m[0])


def _signal(line: int, time: float | None, m: Match) -> Event:
    reason = m.string[:MAX_QUOTE]
    if m[1] == "SIGTERM":
        return Ended(line, time, "terminated", reason, fatal=True)
    return Ended(line, time, "crashed", reason, fatal=True)


def _crash_line(line: int, time: float | None, m: Match) -> Event:
    return Ended(line, time, "crashed", m.string[:MAX_QUOTE], fatal=True)


STATELESS: dict[str, Callable[[int, float | None, Match], Event]] = {
    "iteration": _iteration,
    "learning_rate": _learning_rate,
    "testing": _testing,
    "clipped": _clipped,
    "snapshot": _snapshot,
    "resumed": _resumed,
    "finetuned": _finetuned,
    "ignored_layer": lambda line, time, m: LayerIgnored(line, m[1]),
    "waiting": lambda line, time, m: Waiting(line, time),
    "restarted": lambda line, time, m: Restarted(line, time),
    "starting": lambda line, time, m: Solving(line, ""),
    "solving": lambda line, time, m: Solving(line, m[1] or ""),
    "done": _done,
    "stopped": _stopped,
    "signal": _signal,
    "crash_line": _crash_line,
}
"""Pattern name -> what makes its event out of (line number, time, match)."""

TIMED = frozenset(
    {"iteration", "learning_rate", "testing", "waiting", "restarted", "done", "stopped", "signal"}
)
"""Patterns whose event carries the time of its line."""


def fatal(line: int, time: float | None, text: str) -> Ended:
    """Make the event of a line of severity F."""
    return Ended(line, time, "crashed", " ".join(text.split())[:MAX_QUOTE], fatal=True)


def output(line: int, net: str, m: Match) -> Output:
    """Make the event of a ``net output #i: name = v (* w = wv loss)`` line."""
    weight = number(m[4]) if m[4] is not None else None
    return Output(line, net, int(m[1]), m[2], number(m[3]), weight)


def score(line: int, net: str, m: Match) -> Output:
    """Make the event of 2014's ``Test score #i: v``, which has no name."""
    return Output(line, net, int(m[1]), f"score{m[1]}", number(m[2]))


def forward(m: Match) -> tuple[Blob, float]:
    """Read a [Forward] line; July 2014's ``SUM (MEAN)`` gives the mean."""
    return Blob("forward", m[1], m[2], m[3], "data"), number(m[5] or m[4])


def forward_input(m: Match) -> tuple[Blob, float]:
    """Read a ``[Forward] Input`` line: the net's own input blob."""
    return Blob("forward", m[1], "input", m[1], "data"), number(m[3] or m[2])


def backward(m: Match) -> tuple[Blob, float]:
    """Read a [Backward] line."""
    return Blob("backward", m[1], m[2], m[3], "diff"), number(m[5] or m[4])


def update(m: Match) -> tuple[str, str, float | None, float]:
    """Read an [Update] line: layer, parameter, data and diff."""
    return m[1], m[2], number(m[3]), number(m[4])


def update_shared(m: Match) -> tuple[str, str, float | None, float]:
    """Read an [Update] line of a parameter that another layer owns: it gives no data."""
    return m[1], m[2], None, number(m[3])


UPDATES = {"update": update, "update_shared": update_shared}
"""Pattern name of an [Update] line -> what reads it."""
DEBUG = {"forward": forward, "forward_input": forward_input, "backward": backward}
"""Pattern name of a per-blob line -> what reads it."""


def iteration_in(path: str) -> int | None:
    """Return the iteration that Caffe writes into a snapshot's name."""
    found = _ITERATION.findall(path)
    return int(found[-1]) if found else None
