"""Frequent messages by the place in Caffe's source that prints them.

A prefix names file and line of the source, and one such place prints one kind of message. What
has been seen there once is tried first, without reading the prefix or looking the message up.
"""

from __future__ import annotations

import re

from caffewatch.log.glog import Line
from caffewatch.log.grammar import Pattern

_FREQUENT = frozenset({"iteration", "output", "test_output", "learning_rate", "norms", "clipped"})
_MOST = 1000
"""Places remembered; a hostile log could name any number."""


class Shortcuts:
    """What is known of one run's lines: thread and source place -> pattern."""

    def __init__(self) -> None:
        self._start = 0
        self._known: dict[bytes, tuple[Pattern, bytes]] = {}

    def learn(self, pattern: Pattern, line: Line) -> None:
        """Remember where a frequent message comes from."""
        if pattern.name in _FREQUENT and line.stamp_end:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._start = line.stamp_end
            self._known[line.raw[self._start : line.end]] = (pattern, line.tid)

    def find(self, raw: bytes) -> tuple[str, re.Match[str], Line] | None:
        """Return a line's pattern name, match and prefix, where its place is known."""
        end = raw.find(b"] ") + 2
        known = self._known.get(raw[self._start : end])
        if known is None:
            return None
        (name, regex), tid = known
        match = regex.match(raw[end:].decode("utf-8", "replace").strip())
        if match is None:
            return None
        date, _, clock = raw[1 : self._start - 1].partition(b" ")
        return name, match, Line(raw, raw[:1], date, clock, tid, end)
