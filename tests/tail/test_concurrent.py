"""Rotations by another process, at every moment of a look."""

from __future__ import annotations

from collections import Counter
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path

from tests import soak
from tests.hazards.writer import rotate
from tests.tail.harness import Reader, append

ROTATIONS = 300
KEPT = 5


def write(log: Path, rotations: int, other: Connection) -> None:
    """Rotate a chain of files, a line in each; after some, wait for the other side."""
    for number in range(rotations):
        rotate(log, create=number % 2 == 0)
        log.with_name(f"{log.name}.{KEPT + 1}").unlink(missing_ok=True)
        append(log, line(number))
        if number % 3 == 0:
            other.send(number)
            other.recv()
    other.send(None)


def line(number: int) -> bytes:
    """Return a line that no other is like."""
    return b"I1123 08:00:00.%06d line\n" % number


class TestRotations:
    def test_nothing_is_lost_or_read_twice(self, log: Path) -> None:
        """Files get other names while it is asked what their names are."""
        append(log, b"first\n")
        reader = Reader(log)
        reader.look()
        mine, others = Pipe()
        count = soak.count("SOAK_ROTATIONS", ROTATIONS)
        writer = Process(target=write, args=(log, count, others))
        writer.start()
        expected = Counter([b"first\n"])
        written = 0
        try:
            while True:
                reader.look(after=0.001)
                if not mine.poll(0):
                    continue
                number = mine.recv()
                if number is None:
                    break
                reader.look(after=0.01)
                expected.update(line(x) for x in range(written, number + 1))
                written = number + 1
                arrived = Counter(x for chunk in reader.chunks for x in chunk.data.splitlines(True))
                assert arrived == expected
                mine.send(None)
        finally:
            writer.kill()
            writer.join()
            reader.follower.close()
