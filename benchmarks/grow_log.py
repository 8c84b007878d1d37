"""Grow a long log from a real run: its blocks are repeated with new iteration numbers and stamps.

usage: grow_log.py SOURCE LINES OUTPUT
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

_ITERATION = re.compile(rb"(Iteration )(\d+)")
_STAMP = re.compile(rb"^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d{6}", re.MULTILINE)


def grow(source: bytes, lines: int) -> bytes:
    """Return a log of about so many lines: set-up, then displays over and over."""
    return b"".join(pieces(source, lines))


def pieces(source: bytes, lines: int) -> Iterator[bytes]:
    """Yield a log of about so many lines, piece by piece.

    The displays between the second and the last Iteration line are the body that repeats; tests
    and snapshots in it come along, so that the mix stays that of the real run.
    """
    starts = [m.start() for m in re.finditer(rb"^.*\] Iteration \d+.*loss = .*$", source, re.M)]
    begin, end = starts[1], starts[-2]
    head, body, tail = source[:begin], source[begin:end], source[end:]
    numbers = [int(m[2]) for m in _ITERATION.finditer(body)]
    span = max(numbers) - min(numbers) + (numbers[-1] - numbers[-2] or 1)
    repeats = max(1, (lines - head.count(b"\n")) // body.count(b"\n"))
    yield head
    for repeat in range(repeats):
        yield _stamped(_renumbered(body, repeat * span), repeat)
    yield _stamped(_renumbered(tail, (repeats - 1) * span), repeats)


def _renumbered(text: bytes, shift: int) -> bytes:
    return _ITERATION.sub(lambda m: m[1] + str(int(m[2]) + shift).encode(), text)


def _stamped(text: bytes, minutes: int) -> bytes:
    at = datetime(2026, 1, 1) + timedelta(minutes=minutes)  # stamps have no zone
    return _STAMP.sub(lambda m: m[1] + at.strftime("%m%d %H:%M:%S.%f").encode(), text)


def main() -> None:
    """Write the log that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("lines", type=int)
    parser.add_argument("output", type=Path)
    wanted = parser.parse_args()
    wanted.output.write_bytes(grow(wanted.source.read_bytes(), wanted.lines))


if __name__ == "__main__":
    main()
