"""Long training logs of several kinds, as trainings write them: each stamp and each value is new.

Each grows from a real run or, for the large net, from one that the tests' writer makes: the
displays of its second half, where the loss has settled, are repeated, tests and snapshots along
with them.

usage: training_logs.py KIND LINES OUTPUT
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.logs import DATA, LOSS, CaffeLog, Layer

RUNS = Path(__file__).parents[1] / "tests/data/runs"
LEARNED, PASSING = 64, 68
"""Layers with parameters and a ReLU behind each, and layers without: 650 values in a block."""
FOREIGN = (
    b"train:  37%|###7      | 375/1000 [00:12<00:21, 29.41it/s]",
    b"| N/A   61C    P0   143W / 250W |  10734MiB / 16280MiB |     97%      Default |",
    b"/usr/lib/python3/dist-packages/numpy/core/fromnumeric.py:3420: RuntimeWarning: empty slice",
    b"2026-11-23 07:14:55,301 INFO worker.py:214 prefetched batch 1071 in 3.4 ms",
)  # fmt: skip
"""What other programs write into the same file."""

_VALUE = re.compile(rb"(?:data|diff): ([0-9.e+-]+)$")
_LOSS = re.compile(rb"(?<== )[0-9.e+-]+(?=$| loss\)| \(\*)")
_ITERATION = re.compile(rb"(?<=Iteration )\d+")
_DISPLAY = re.compile(rb"^.*\] Iteration \d+.*loss = .*$", re.MULTILINE)
_TEST = re.compile(rb"^[^\n]*Testing net.*?(?:^[^\n]*Test net output[^\n]*\n)+", re.M | re.S)
_STAMPED = re.compile(rb"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6}")


def large_net() -> tuple[Layer, ...]:
    """Return layers that print as many values as GoogLeNet does."""
    layers, bottom = [DATA], "data"
    for number in range(LEARNED):
        name = f"inception_{number:02}/3x3"
        layers.append(Layer(name, "Convolution", (bottom,), (name,), (1.0, 2.0)))
        layers.append(Layer(f"inception_{number:02}/relu_3x3", "ReLU", (name,), (name,)))
        bottom = name
    for number in range(PASSING):
        name = f"inception_{number:02}/output"
        layers.append(Layer(name, "Pooling", (bottom,), (name,)))
        bottom = name
    return (*layers, LOSS._replace(bottoms=(bottom, "label")))


def _run(name: str) -> bytes:
    return gzip.decompress((RUNS / f"{name}.log.gz").read_bytes())


def _untested(name: str) -> bytes:
    return _TEST.sub(b"", _run(name))


def _large() -> bytes:
    log = CaffeLog.started(large_net(), max_iter=10_000_000)
    log.displays(range(0, 120, 10))
    return log.data


def _foreign() -> bytes:
    lines = SOURCES["small"]().splitlines(keepends=True)
    return b"".join(line + FOREIGN[at % len(FOREIGN)] + b"\n" for at, line in enumerate(lines))


SOURCES: dict[str, Callable[[], bytes]] = {
    "small": lambda: _untested("early_stop_ok"),
    "large": _large,
    "quiet": lambda: _run("lenet_quiet_ok"),
    "foreign": _foreign,
    "tests": lambda: _run("early_stop_ok"),
    "clipped": lambda: _untested("grad_clip"),
    "passes": lambda: _untested("itersize_ok"),
}
"""Kind -> the run that it grows from."""
WORDS = {
    "small": "debug_info, 35 values a block",
    "large": "debug_info, 650 values a block",
    "quiet": "no debug_info",
    "foreign": "every other line foreign",
    "tests": "two thirds test blocks",
    "clipped": "clipped gradients",
    "passes": "four passes an iteration",
}
"""Kind -> what it is, for people."""


def pieces(kind: str, lines: int) -> Iterator[bytes]:
    """Yield a log of a kind, of about so many lines, piece by piece."""
    source = SOURCES[kind]()
    marks = [m.start() for m in _TEST.finditer(source)] or [
        m.start() for m in _DISPLAY.finditer(source)
    ]
    begin, end = marks[len(marks) // 2], marks[-2]  # whole intervals: tests keep their step
    head, body = source[:begin], source[begin:end]
    first, last = (int(_ITERATION.findall(source, at)[0]) for at in (begin, end))
    span = last - first
    template = body.splitlines()
    varied = _Varied()
    yield b"\n".join([varied.stamp(x) for x in head.split(b"\n")])
    made = head.count(b"\n")
    for repeat in range(max(1, (lines - made) // len(template))):
        yield b"\n".join([varied.line(x, repeat * span) for x in template]) + b"\n"


def write(kind: str, lines: int, path: Path) -> int:
    """Write such a log; return its exact number of lines."""
    count = 0
    with path.open("wb") as file:
        for piece in pieces(kind, lines):
            file.write(piece)
            count += piece.count(b"\n")
    return count


class _Varied:
    """Lines of a template with a clock that goes on, and values that wander."""

    def __init__(self) -> None:
        self._random = random.Random(8)
        self._micros = 0
        self._loss = 1.0

    def stamp(self, line: bytes) -> bytes:
        """Return the line with a new stamp, if it has one."""
        if not _STAMPED.match(line):
            return line
        self._micros += 37
        seconds, micros = divmod(self._micros, 1_000_000)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        stamp = b"12%02d %02d:%02d:%02d.%06d" % (1 + days % 31, hours, minutes, seconds, micros)
        return line[:1] + stamp + line[21:]

    def line(self, line: bytes, shift: int) -> bytes:
        """Return the line with a new stamp, new values, and iterations shifted by so many."""
        line = self.stamp(line)
        value = _VALUE.search(line)
        if value is not None:
            factor = self._random.lognormvariate(0, 0.03)
            return line[: value.start(1)] + b"%.6g" % (float(value[1]) * factor)
        if b"Iteration" in line:
            self._loss = self._random.lognormvariate(0, 0.03)
            line = _ITERATION.sub(lambda m: b"%d" % (int(m[0]) + shift), line)
        if b"loss" in line:
            line = _LOSS.sub(lambda m: b"%.6g" % (float(m[0]) * self._loss), line)
        return line


def main() -> None:
    """Write the log that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=SOURCES)
    parser.add_argument("lines", type=int)
    parser.add_argument("output", type=Path)
    wanted = parser.parse_args()
    write(wanted.kind, wanted.lines, wanted.output)


if __name__ == "__main__":
    main()
