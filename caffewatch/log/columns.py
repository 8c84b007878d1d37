"""Lines that say the same but for their numbers, read many at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import repeat
from typing import Any, cast

from caffewatch.log.events import TRAIN
from caffewatch.log.glog import Line
from caffewatch.log.slices import cut, floats

_VALUE = rb"([-+.\deEnaif]{1,40})"
"""Holds numbers as C prints them, nan and inf too; what else it holds does not convert to one."""
_EPOCHS = rb"(?:, [\d.]+/[\d.]+ep)?"
_MORE = rb"(?:(?!, ignore)[,;]?\s.*)?"
"""What forks write behind a loss that was trained on."""
_VARYING = {
    "norms": (1, 2, 3, 4), "learning_rate": (1, 2), "output": (3, 5), "test_output": (3, 5),
    "testing": (1,),
}  # fmt: skip
"""Name of a pattern -> its groups that are not the same from line to line."""
_REPEATED = frozenset({("output", 5), ("test_output", 5)})
"""Groups that are the same as the one before the last where a loss has the weight 1."""
_groups = cast(Callable[[re.Match[bytes] | None], tuple[bytes, ...]], re.Match.groups)
_NUMBERED = frozenset({"iteration", "learning_rate", "testing"})
"""Names of those whose first group is an iteration."""


class Column:
    """A line with a message, and how lines look that differ from it by their numbers only.

    Parameters
    ----------
    at
        Its place in a display or test.
    name, match, line
        The pattern it was read by, its match and its prefix.
    net
        Whose it is.

    Attributes
    ----------
    groups
        Those of the match.
    fixed
        Where its first number begins.
    """

    def __init__(self, at: int, name: str, match: Any, line: Line, net: str = TRAIN) -> None:
        self.at, self.name, self.net = at, name, net
        self.groups: Sequence[bytes | None] = match.groups()
        self.fixed: int = match.start(_VARYING.get(name, (1,))[0])
        self._match = match

    @cached_property
    def _matching(self) -> Callable[[bytes, int], re.Match[bytes] | None]:
        """What matches such lines from a place on: compiled when there are some to be read."""
        return re.compile(_form(self.name, self._match)).fullmatch

    @cached_property
    def _rest(self) -> bytes:
        """What stood behind the iteration."""
        rest: bytes = self._match.string[self._match.end(1) :]
        return rest

    def read(
        self, lines: Sequence[bytes], iterations: Sequence[bytes]
    ) -> tuple[int, list[list[float]]]:
        """Read such lines; return how many are, of these iterations, and their numbers.

        Those come as columns, without the iteration. Up to the first of them, lines must have been
        found to be as this one.
        """
        place = self.fixed
        if self.name in _NUMBERED:
            behind = map(cut, lines, repeat(slice(place, None)))
            lines, place = list(map(bytes.removeprefix, behind, iterations)), 0
            if self.name == "learning_rate" and lines.count(self._rest) == len(lines):
                return len(lines), [[float(self._match[2])] * len(lines)]
        matches = list(map(self._matching, lines, repeat(place)))
        if None in matches:
            del matches[matches.index(None) :]
        found = [floats(column) for column in zip(*map(_groups, matches), strict=True)]
        return min([len(matches), *map(len, found)]), found


def is_usual(name: str, match: Any) -> bool:
    """Tell whether a line is of those that `Column` reads, and a usual one.

    Not so is a display whose loss was not trained on, or whose gradients are scaled.
    """
    if name == "iteration":
        return match[4] is None
    return name in _VARYING and (name != "learning_rate" or match[3] is None)


def _form(name: str, match: Any) -> bytes:
    """Return a regex of lines that differ from one by their numbers only, a group for each.

    It begins with the first of them, or behind it where that is an iteration.
    """
    raw: bytes = match.string
    if name == "iteration":
        inside = b""
        if match[2] is not None:
            inside = rb" \(" + _VALUE + rb" iter/s[^)]*\)"
        elif raw.startswith(b" (", match.end(1)):
            inside = rb" \((?![^)]* iter/s)[^)]*\)"
        return (
            inside + _EPOCHS + b", loss = " + _VALUE + (_MORE if match.end(3) < len(raw) else b"")
        )
    form, (first, *others) = b"", _VARYING[name]
    at: int = match.end(first) if name in _NUMBERED else match.start(first)
    for group in others if name in _NUMBERED else _VARYING[name]:
        if match[group] is None:
            continue
        number = _VALUE
        if (name, group) in _REPEATED and match[group] == match[group - 2]:
            number = rb"\1"
        form += re.escape(raw[at : match.start(group)]) + number
        at = match.end(group)
    return form + re.escape(raw[at:])
