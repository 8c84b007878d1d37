"""What a display of training looks like, and what a test does, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from caffewatch.log.columns import Column, is_usual
from caffewatch.log.debug_info import Blocks
from caffewatch.log.events import TRAIN, Blob
from caffewatch.log.glog import Line
from caffewatch.log.messages import tested_net
from caffewatch.log.shortcuts import Shortcuts
from caffewatch.log.slices import cut
from caffewatch.log.tests_between import Block


class Lines:
    """Lines as learned: what stands before each one's first number, and where that stands.

    Attributes
    ----------
    heads, cuts
        Of each line, from the thread id on.
    tails
        Where the values stand, of the lines that have one.
    shown
        The other lines: those with a message.
    """

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.cuts: list[slice] = []
        self.tails: list[slice] = []
        self.shown: list[Column] = []
        self.stamp_end = 0
        self.gap = 0

    def __len__(self) -> int:
        return len(self.heads)

    def fit(self, lines: Sequence[bytes]) -> bool:
        """Tell whether lines begin with these heads."""
        return list(map(cut, lines[: len(self.heads)], self.cuts)) == self.heads

    def add_block(
        self, lines: Sequence[bytes], blocks: Blocks, net: str = TRAIN
    ) -> tuple[Blob, ...]:
        """Learn a net's block that comes next; return its blobs, none where there is no block."""
        heads, cuts, tails, blobs = blocks.learned(lines, len(self), net)
        self.heads += heads
        self.cuts += cuts
        self.tails += tails
        return blobs

    def add_shown(self, name: str, match: Any, line: Line, net: str = TRAIN) -> bool:
        """Learn a line with a message; return whether it is a usual one."""
        if not is_usual(name, match):
            return False
        start = line.stamp_end
        column = Column(len(self), name, match, line, net)
        self.shown.append(column)
        self.heads.append(line.raw[start : column.fixed])
        self.cuts.append(slice(start, column.fixed))
        self.stamp_end, self.gap = start, 1 + len(line.date)
        return True


class Shape(NamedTuple):
    """A display as learned; it begins with so many ``passes``, all of these blobs."""

    lines: Lines
    blobs: tuple[Blob, ...]
    passes: int
    iteration_line: int


class TestShape(NamedTuple):
    """A test of all nets as learned, from the line that begins it to the last output."""

    lines: Lines
    blocks: Sequence[Block]


def shape_of(display: Sequence[bytes], blocks: Blocks, shortcuts: Shortcuts) -> Shape | None:
    """Return a display's shape; None where it is none that is read this way."""
    lines = Lines()
    blobs = lines.add_block(display, blocks)
    passes = int(bool(blobs))
    while len(lines) < len(display):
        found = shortcuts.find(display[len(lines)])
        if found is None:
            if not blobs or lines.add_block(display, blocks) is not blobs:
                return None
            passes += 1
            continue
        strange = found[0] == "norms" and not (blobs and blocks.belongs(found[2].tid))
        if strange or not lines.add_shown(*found):
            return None
    names = [x.name for x in lines.shown]
    norms = [x.at for x in lines.shown if x.name == "norms"]
    period = len(blobs) + bool(norms)
    if norms != [period * x - 1 for x in range(1, passes + 1)] and (norms or passes > 1):
        return None
    del names[: len(norms)]
    if names[:1] != ["iteration"] or names[-1] != "learning_rate":
        return None
    if set(names[1:-1]) - {"output"}:
        return None
    return Shape(lines, blobs, passes, passes * period)


def test_shape_of(lines: Sequence[bytes], blocks: Blocks, shortcuts: Shortcuts) -> TestShape | None:
    """Return the shape of the test that lines begin with; None where it is none read this way."""
    learned = Lines()
    passes: list[Block] = []
    net, answered = "", True
    while len(learned) < len(lines):
        found = shortcuts.find(lines[len(learned)])
        if found is None:
            if answered:
                break
            block = Block(len(learned), net, learned.add_block(lines, blocks, net))
            if not block.blobs:
                return None
            passes.append(block)
            continue
        if found[0] == "testing" and answered:
            net, answered = tested_net(found[1][2]), False
        elif found[0] == "test_output" and net:
            answered = True
        elif answered:
            break
        else:
            return None
        learned.add_shown(*found, net)
    begun = [x for x in learned.shown if x.name == "testing"]
    once = len({x.net for x in begun}) == len(begun) and len({x.groups[0] for x in begun}) == 1
    return TestShape(learned, passes) if answered and once else None
