"""Frequent messages by the place in Caffe's source that prints them.

A prefix names file and line of the source, and one such place prints one kind of message. What
has been seen there once is tried first, on the bytes as they are: without reading the prefix,
looking the message up or decoding it. What does not match is left to the full grammar.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import cast

from caffewatch.log.glog import Line
from caffewatch.log.grammar import MESSAGES, Pattern

_FREQUENT = frozenset(
    {"iteration", "output", "testing", "test_output", "learning_rate", "norms", "clipped"}
)
PATTERNS = {x.name: x for row in MESSAGES.values() for x in row if x.name in _FREQUENT}
"""Name -> pattern of what may be learned."""
_MOST = 1000
"""Places remembered; a hostile log could name any number."""
_line = cast(Callable[[tuple[object, ...]], Line], partial(tuple.__new__, Line))
"""Makes a `Line` of a tuple, at half the cost: three are made for each display."""


class Shortcuts:
    """What is known of one run's lines: thread and source place -> pattern."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Drop what was learned: another run begins."""
        self._start = 0
        self._gap = 0
        self._known: dict[bytes, tuple[str, bytes]] = {}

    def learn(self, pattern: Pattern, line: Line) -> None:
        """Remember where a frequent message comes from."""
        if pattern.name in _FREQUENT and line.stamp_end:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._start = line.stamp_end
            self._gap = 1 + len(line.date)
            place = line.raw[self._start : line.end]
            self._known[place] = (pattern.name, line.tid)

    def find(self, raw: bytes) -> tuple[str, re.Match[bytes], Line] | None:
        """Return a line's pattern name, match and prefix, where its place is known."""
        start = self._start
        end = raw.find(b"] ", start) + 2
        known = self._known.get(raw[start:end])
        if known is None:
            return None
        name, tid = known
        found = PATTERNS[name].match_bytes(raw, end)
        if found is None:
            return None
        gap = self._gap
        return name, found, _line((raw, raw[:1], raw[1:gap], raw[gap + 1 : start - 1], tid, end))
