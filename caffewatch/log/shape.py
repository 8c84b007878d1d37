"""What a display of training looks like, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from caffewatch.log.debug_info import Blocks
from caffewatch.log.events import Blob
from caffewatch.log.glog import Line
from caffewatch.log.shortcuts import Shortcuts


class Shown(NamedTuple):
    """One line of a display behind its block: which it is, its message's place and kind."""

    at: int
    end: int
    name: str
    groups: Sequence[bytes | None]


class Shape(NamedTuple):
    """A display as learned: what stands before each line's value or message, and where."""

    blobs: tuple[Blob, ...]
    heads: list[bytes]
    cuts: list[slice]
    tails: list[slice]
    shown: Sequence[Shown]
    iteration_line: int
    gap: int
    stamp_end: int


def shape_of(display: Sequence[bytes], blocks: Blocks, shortcuts: Shortcuts) -> Shape | None:
    """Return a display's shape; None where it is none that is read this way."""
    heads, cuts, tails, blobs = blocks.learned(display)
    shown: list[Shown] = []
    line: Line | None = None
    for at in range(len(heads), len(display)):
        found = shortcuts.find(display[at])
        if found is None:
            return None
        name, match, line = found
        if name == "norms" and not (blobs and blocks.belongs(line.tid)):
            return None
        raw, end = line.raw, line.end
        shown.append(Shown(at, end, name, match.groups()))
        cuts.append(slice(line.stamp_end, end))
        heads.append(raw[line.stamp_end : end])
        # A digit that is always there, for the list of values to keep its step.
        tails.append(slice(end - len(b"1] "), end - len(b"] ")))
    names = [x.name for x in shown]
    iteration_line = len(blobs) + names.count("norms")
    if blobs and names[:1] == ["norms"]:
        del names[0]
    if line is None or names[:1] != ["iteration"] or names[-1] != "learning_rate":
        return None
    if set(names[1:-1]) - {"output"}:
        return None
    gap = 1 + len(line.date)
    return Shape(blobs, heads, cuts, tails, shown, iteration_line, gap, line.stamp_end)
