"""Messages that say all they mean by themselves: a match of the grammar to an event."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from caffewatch.log.events import (
    Blob,
    Clipped,
    Ended,
    Event,
    Iteration,
    LayerCopied,
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
from caffewatch.log.grammar import number

Match = re.Match[str]
AnyMatch = re.Match[str] | re.Match[bytes]
"""Of a message or of its bytes: frequent ones are not decoded."""
_ITERATION = re.compile(r"_iter_(\d{1,15})(?!\d)")
MAX_QUOTE = 500
"""Characters of a log's own words that an event quotes."""


def iteration(line: int, time: float | None, m: AnyMatch) -> Iteration:
    """Make the event of an ``Iteration N …, loss = x`` line."""
    count, rate, loss, ignored = m.groups()
    printed = None if rate is None else number(rate)
    return Iteration(line, time, int(count), number(loss), printed, ignored is not None)


def learning_rate(line: int, time: float | None, m: AnyMatch) -> LearningRate:
    """Make the event of an ``Iteration N, lr = x`` line."""
    return LearningRate(line, time, int(m[1]), number(m[2]), number(m[3]) if m[3] else 1.0)


def testing(line: int, time: float | None, m: AnyMatch) -> TestStarted:
    """Make the event of an ``Iteration N, Testing net`` line."""
    return TestStarted(line, time, int(m[1]), tested_net(m[2]))


def tested_net(number: str | bytes | None) -> str:
    """Return the name of a test net by its number in the log."""
    return f"test{number if isinstance(number, str) else (number or b'0').decode()}"


def _clipped(line: int, time: float | None, m: AnyMatch) -> Event:
    return Clipped(line, number(m[1]), number(m[2]))


def _snapshot(line: int, time: float | None, m: Match) -> Event:
    return SnapshotWritten(line, m[1], iteration_in(m[1]))


def resumed(line: int, time: float | None, m: Match) -> Loaded:
    """Make the event of a line that names the snapshot that training goes on from."""
    return Loaded(line, m[1], resumed=True)


def _finetuned(line: int, time: float | None, m: Match) -> Event:
    return Loaded(line, m[1], resumed=False)


def _done(line: int, time: float | None, m: Match) -> Ended:
    return Ended(line, time, "finished", m[0])


def _stopped(line: int, time: float | None, m: Match) -> Ended:
    return Ended(line, time, "stopped", m[0])


def _signal(line: int, time: float | None, m: Match) -> Ended:
    reason = m.string[:MAX_QUOTE]
    if m[1] == "SIGTERM":
        return Ended(line, time, "terminated", reason, fatal=True)
    return Ended(line, time, "crashed", reason, fatal=True)


def _crash_line(line: int, time: float | None, m: Match) -> Ended:
    return Ended(line, time, "crashed", m.string[:MAX_QUOTE], fatal=True, doubtful=True)


def _shell_line(line: int, time: float | None, m: Match) -> Ended:
    return (_ended_outside if m[1] else _crash_line)(line, time, m)


def _ended_outside(line: int, time: float | None, m: Match) -> Ended:
    return Ended(line, time, "terminated", m.string[:MAX_QUOTE], fatal=True, doubtful=True)


STATELESS: dict[str, Callable[[int, float | None, Any], Event]] = {
    "clipped": _clipped,
    "snapshot": _snapshot,
    "finetuned": _finetuned,
    "copied_layer": lambda line, time, m: LayerCopied(line, m[1]),
    "ignored_layer": lambda line, time, m: LayerIgnored(line, m[1]),
    "waiting": lambda line, time, m: Waiting(line, time),
    "restarted": lambda line, time, m: Restarted(line, time),
    "starting": lambda line, time, m: Solving(line, "", time),
    "solving": lambda line, time, m: Solving(line, m[1] or "", time),
}
"""Pattern name -> what makes its event out of (line number, time, match)."""
TIMED = frozenset({"waiting", "restarted", "starting", "solving"})
"""Those of them whose event carries the time of its line."""
ENDS: dict[str, Callable[[int, float | None, Match], Ended]] = {
    "done": _done,
    "stopped": _stopped,
    "signal": _signal,
    "crash_line": _crash_line,
    "ended_outside": _ended_outside,
    "shell_line": _shell_line,
}
"""Pattern name -> what makes the end of a run out of (line number, time, match)."""


def fatal(line: int, time: float | None, text: str) -> Ended:
    """Make the event of a line of severity F."""
    return Ended(line, time, "crashed", " ".join(text.split())[:MAX_QUOTE], fatal=True)


def raised(line: int, text: str) -> Ended:
    """Make the event of an exception that nothing in a Python program took."""
    if text.startswith("KeyboardInterrupt"):
        return Ended(line, None, "stopped", text[:MAX_QUOTE], doubtful=True)
    return Ended(line, None, "crashed", text[:MAX_QUOTE], fatal=True, doubtful=True)


def output(line: int, time: float | None, net: str, m: AnyMatch) -> Output:
    """Make the event of a ``net output #i: name = v (* w = wv loss)`` line."""
    index, name, value, weight, _ = m.groups()
    weighed = None if weight is None else number(weight)
    shown = name if isinstance(name, str) else name.decode("utf-8", "replace")
    return Output(line, net, int(index), shown, number(value), weighed, time)


def score(line: int, time: float | None, net: str, m: Match) -> Output:
    """Make the event of 2014's ``Test score #i: v``, which has no name."""
    return Output(line, net, int(m[1]), f"score{m[1]}", number(m[2]), time=time)


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
