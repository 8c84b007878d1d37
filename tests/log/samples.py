"""Lines as Caffe prints them, and what the parser makes of them."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from caffewatch.log.events import Event, Iteration, RunEnded, RunStarted
from caffewatch.log.parser import Parser
from caffewatch.log.run import Run

RUNS = Path(__file__).parents[1] / "data" / "runs"
LABELS: dict[str, dict[str, Any]] = json.loads((RUNS / "labels.json").read_text())
"""What each real log shows: outcome, iterations, debug_values."""

REFERENCE = 1_795_500_000.0
"""A day in November 2026."""

T = TypeVar("T")


def real_log(name: str) -> bytes:
    """Return the bytes of one of the real logs."""
    return gzip.decompress((RUNS / f"{name}.log.gz").read_bytes())


def say(
    message: str,
    source: str = "solver.cpp:218",
    severity: str = "I",
    tid: int = 28228,
    stamp: str = "1123 07:14:45.539148",
) -> str:
    """Return a line with glog's prefix."""
    return f"{severity}{stamp} {tid} {source}] {message}\n"


def forward(layers: Sequence[str] = ("data", "ip1"), value: object = 0.5, tid: int = 28228) -> str:
    """Return the [Forward] lines of a net: a top each, and a weight where it is no data."""
    lines = []
    for layer in layers:
        lines.append(f"    [Forward] Layer {layer}, top blob {layer} data: {value}")
        if not layer.startswith("data"):
            lines.append(f"    [Forward] Layer {layer}, param blob 0 data: {value}")
    return "".join(say(line, "net.cpp:591", tid=tid) for line in lines)


def backward(layers: Sequence[str] = ("ip1",), value: object = 0.25, tid: int = 28228) -> str:
    """Return the [Backward] lines of a net without the norms."""
    return "".join(
        say(f"    [Backward] Layer {layer}, param blob 0 diff: {value}", "net.cpp:620", tid=tid)
        for layer in reversed(layers)
    )


def norms(a: object = 9, b: object = 1, c: object = 3, d: object = 1, tid: int = 28228) -> str:
    """Return the All net params line: L1 norms (a, b), L2 norms (c, d)."""
    text = f"    [Backward] All net params (data, diff): L1 norm = ({a}, {b}); L2 norm = ({c}, {d})"
    return say(text, "net.cpp:642", "E", tid)


def block(value: object = 0.5) -> str:
    """Return a whole training pass: four values and the norms."""
    return forward(value=value) + backward() + norms()


def iteration(number: int, loss: object = 2.3) -> str:
    """Return the line that numbers a block."""
    return say(f"Iteration {number} (100 iter/s, 0.1s/10 iters), loss = {loss}")


def solver_dump(**settings: object) -> str:
    """Return the start of a run with the solver's parameters."""
    dump = "".join(f"{name}: {value}\n" for name, value in settings.items())
    return say("Initializing solver from parameters: ", "solver.cpp:45") + dump


def net_dump(dump: str, kind: str = "Creating training net from net file: x") -> str:
    """Return the lines with which a net begins, up to the end of its dump."""
    return say(kind, "solver.cpp:102") + say("Initializing net from parameters: ") + dump


def parse(text: str | bytes, reference: float | None = REFERENCE) -> list[Event]:
    """Return all events of a log that has ended."""
    parser = Parser(reference)
    data = text.encode() if isinstance(text, str) else text
    return settled(parser.feed(data) + parser.close())


def parse_in_pieces(pieces: Iterable[bytes]) -> list[Event]:
    """Return all events of a log that came in pieces."""
    parser = Parser(REFERENCE)
    events = [event for piece in pieces for event in parser.feed(piece)]
    return settled(events + parser.close())


def settled(events: list[Event]) -> list[Event]:
    """Return events after all have been taken."""
    for event in of(Iteration, events):
        event.settle()
    return events


def of(kind: type[T], events: Iterable[object]) -> list[T]:
    """Return the events of exactly one type."""
    return [event for event in events if type(event) is kind]


def one(kind: type[T], events: Iterable[object]) -> T:
    """Return the only event of a type."""
    (found,) = of(kind, events)
    return found


def only(kind: type[T], message: str) -> T:
    """Return the only event of a type that a single message gives."""
    return one(kind, parse(say(message)))


def runs(events: Iterable[Event]) -> list[Run]:
    """Sum events up, run by run."""
    found: list[Run] = []
    for event in events:
        if type(event) is RunStarted:
            found.append(Run.begin(event))
        if found:
            found[-1].apply(event)
    return found


def run_lines(events: Iterable[Event]) -> list[int]:
    """Return the lines at which runs begin, after a check that all of them end."""
    events = list(events)
    assert len(of(RunStarted, events)) == len(of(RunEnded, events))
    return [event.line for event in of(RunStarted, events)]


def comparable(value: object) -> object:
    """Return a value as nested tuples that are equal where it is, nan equal to nan."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value), *(comparable(getattr(value, f.name)) for f in fields(value)))
    if isinstance(value, dict):
        return tuple((key, comparable(x)) for key, x in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(comparable, value))
    return value


class Counter:
    """Count the calls of a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.calls = 0
        self._function = function

    def __call__(self, *args: object) -> object:
        """Count a call and pass it on."""
        self.calls += 1
        return self._function(*args)


SET_UP = (
    say("Use CPU.", "caffe.cpp:197")
    + solver_dump(display=10, max_iter=20)
    + say("Creating training net from net file: x")
    + say("Starting Optimization")
    + say("Solving lenet")
)
"""How a run begins, 7 lines."""

DONE = say("Optimization Done.") * 2
"""How it ends: from the solver and from the program."""
