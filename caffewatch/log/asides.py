"""Lines that stand between or inside displays now and then, and change nothing about them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from caffewatch.log.events import Event
from caffewatch.log.glog import Clock, glued, read_line
from caffewatch.log.grammar import recognise
from caffewatch.log.messages import STATELESS, TIMED
from caffewatch.log.shortcuts import PATTERNS, Shortcuts

NOTHING, UNRECOGNISED = "", "unrecognised"
"""What a line says aside that is no event; see `said_aside`."""
_HARMLESS = frozenset({"snapshot", "clipped", "restarted", "waiting"})
"""Names of patterns that tell neither run nor iteration nor net."""

_EMPTY = frozenset({"", "ignored_layer"})
"""Those that say nothing once training has begun."""


def said_aside(raw: bytes, shortcuts: Shortcuts) -> str | None:
    """Return the name of the pattern of what a line of Caffe's says, where nothing depends on it.

    None where it may mean more, or is in doubt.
    """
    known = shortcuts.find(raw)
    if known is not None:
        return known[0] if known[0] in _HARMLESS else None
    line = read_line(raw)
    if not line.stamp_end:
        return None if raw.strip() else NOTHING
    # What looks like a value may have been learned as one without the grammar's agreeing.
    if line.severity == b"F" or b"ward]" in raw or glued(line):
        return None
    text = line.text
    found = recognise(text)
    if found is None:
        return UNRECOGNISED if text.strip() else NOTHING
    name = found[0].name
    if name in _EMPTY:
        return NOTHING
    return name if name in _HARMLESS else None


class Asides:
    """What was said between and inside the displays of a stretch, and is an event.

    Each sequence has one item for each line.

    Parameters
    ----------
    displays
        The display that it comes before or within, from 0.
    lines
        Its number.
    names
        The name of its pattern.
    raws
        The line itself: few are ever looked at.
    time
        One of the same day, for the stamps of those that have some; see `Clock`.
    """

    __slots__ = ("displays", "lines", "names", "raws", "time")

    def __init__(
        self,
        displays: Sequence[int] = (),
        lines: Sequence[int] = (),
        names: Sequence[str] = (),
        raws: Sequence[bytes] = (),
        time: float | None = None,
    ) -> None:
        self.displays, self.lines, self.names, self.raws = displays, lines, names, raws
        self.time = time

    def __len__(self) -> int:
        return len(self.names)

    def events(self, name: str | None = None) -> Iterator[tuple[int, Event]]:
        """Yield the events, or those of a pattern, each behind its display."""
        if name is not None and name not in self.names:
            return
        for at, said in enumerate(self.names):
            if name is None or said == name:
                yield self.displays[at], self._event(at)

    def part(self, start: int, stop: int) -> Asides:
        """Return those of the displays from ``start`` up to ``stop``."""
        rows = slice(bisect_left(self.displays, start), bisect_left(self.displays, stop))
        displays = [x - start for x in self.displays[rows]]
        if not displays:
            return NO_ASIDES
        return Asides(displays, self.lines[rows], self.names[rows], self.raws[rows], self.time)

    def _event(self, at: int) -> Event:
        number, name, raw = self.lines[at], self.names[at], self.raws[at]
        end = raw.find(b"] ") + len(b"] ")
        match = PATTERNS[name].match_bytes(raw, end) if name in PATTERNS else None
        if match is not None:
            return STATELESS[name](number, None, match)
        # A rare one, or without a blank behind its prefix.
        line = read_line(raw)
        found = recognise(line.text)
        time = Clock(self.time).of(line) if name in TIMED else None
        return STATELESS[name](number, time, found and found[1])


NO_ASIDES = Asides()
