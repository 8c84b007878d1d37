"""Lines that stand between or inside displays now and then, and change nothing about them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from caffewatch.log.events import Event
from caffewatch.log.glog import glued, read_line
from caffewatch.log.grammar import recognise
from caffewatch.log.messages import STATELESS
from caffewatch.log.shortcuts import Shortcuts


class Said(NamedTuple):
    """What such a line says: its pattern's name, "" where nothing follows from it, and the match.

    ``recognised`` is whether Caffe says so; a blank message counts as such.
    """

    name: str
    match: Any = None
    recognised: bool = True


_NOTHING, _UNRECOGNISED = Said(""), Said("", recognised=False)
_HARMLESS = frozenset({"snapshot", "clipped"})
"""Names of patterns that tell neither run nor iteration nor net, nor ask for the line's time."""


def said_aside(raw: bytes, shortcuts: Shortcuts) -> Said | None:
    """Return what a line with a prefix says aside; None where it may mean more, or is in doubt."""
    known = shortcuts.find(raw)
    if known is not None:
        return Said(known[0], known[1]) if known[0] in _HARMLESS else None
    line = read_line(raw)
    # What looks like a value may have been learned as one without the grammar's agreeing.
    if not line.stamp_end or line.severity == b"F" or b"ward]" in raw or glued(line):
        return None
    text = line.text
    found = recognise(text)
    if found is None:
        return _UNRECOGNISED if text.strip() else _NOTHING
    name = found[0].name
    if name in _HARMLESS:
        return Said(name, found[1])
    return None if name else _NOTHING


class Asides:
    """What was said between and inside the displays of a stretch, and is an event.

    Parameters
    ----------
    displays
        For each, the display that it comes before or within, from 0.
    lines
        Their line numbers.
    said
        What they say.
    """

    __slots__ = ("displays", "lines", "said")

    def __init__(
        self, displays: Sequence[int] = (), lines: Sequence[int] = (), said: Sequence[Said] = ()
    ) -> None:
        self.displays, self.lines, self.said = displays, lines, said

    def __len__(self) -> int:
        return len(self.said)

    def count(self, name: str) -> int:
        """Return how many there are of a pattern."""
        return sum(x.name == name for x in self.said)

    def events(self, name: str | None = None) -> Iterator[tuple[int, Event]]:
        """Yield the events, or those of a pattern, each behind its display."""
        for display, line, said in zip(self.displays, self.lines, self.said, strict=True):
            if name is None or said.name == name:
                yield display, STATELESS[said.name](line, None, said.match)

    def part(self, start: int, stop: int) -> Asides:
        """Return those of the displays from ``start`` up to ``stop``."""
        rows = slice(bisect_left(self.displays, start), bisect_left(self.displays, stop))
        displays = [x - start for x in self.displays[rows]]
        return Asides(displays, self.lines[rows], self.said[rows]) if displays else NO_ASIDES


NO_ASIDES = Asides()
