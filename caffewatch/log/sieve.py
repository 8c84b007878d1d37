"""Lines of a log apart from what other programs, and Caffe itself, have written between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, repeat
from operator import not_
from typing import NamedTuple

from caffewatch.log.asides import UNRECOGNISED, said_aside
from caffewatch.log.grammar import is_foreign
from caffewatch.log.lines import MAX_LINE
from caffewatch.log.shape import Lines
from caffewatch.log.shortcuts import PATTERNS, Shortcuts
from caffewatch.log.slices import cut

_CLIPPED = "clipped"
"""The one pattern of which there may be a line for each iteration."""


class Sifted(NamedTuple):
    """Lines of displays and tests without others, and their numbers.

    Parameters
    ----------
    unrecognised
        The numbers of dropped lines that say nothing that Caffe says.
    asides, behind
        The numbers of those that are events, and which of the kept ones comes behind each.
    names, raws
        The names of their patterns, and the lines.
    """

    lines: list[bytes]
    numbers: Sequence[int]
    unrecognised: Sequence[int] = ()
    asides: Sequence[int] = ()
    behind: Sequence[int] = ()
    names: Sequence[str] = ()
    raws: Sequence[bytes] = ()


class Sieve:
    """What tells the learned lines from others: thread, place in the source, and a few letters."""

    def __init__(self, *learned: Lines) -> None:
        fixed = [x for lines in learned for x in lines.fixed]
        prefixes = [len(lines.heads[x.at]) for lines in learned for x in lines.shown]
        start = learned[0].stamp_end
        self._length = min(max(prefixes), *map(len, fixed))
        self._place = slice(start, start + self._length)
        self._keys = frozenset(x[: self._length] for x in fixed)
        self._clipped, self._end = b"", 0

    def sift(self, lines: list[bytes], first: int, shortcuts: Shortcuts) -> Sifted:
        """Keep lines like the learned ones, up to the first line that is in doubt.

        Parameters
        ----------
        first
            The number of the first line.
        """
        keys = list(map(cut, lines, repeat(self._place)))
        kept = list(map(self._keys.__contains__, keys))
        clipped, end, matches = self._clipped, self._end, PATTERNS[_CLIPPED].match_bytes
        unrecognised, asides, behind = [], [], []
        names, raws = [], []
        for dropped, at in enumerate(compress(range(len(lines)), map(not_, kept))):
            raw = lines[at][:MAX_LINE]
            if keys[at] == clipped and matches(raw, end):
                said: str | None = _CLIPPED
            elif is_foreign(raw):
                said = UNRECOGNISED
            else:
                said = said_aside(raw, shortcuts)
            if said == UNRECOGNISED:
                unrecognised.append(first + at)
            elif said:
                asides.append(first + at)
                behind.append(at - dropped)
                names.append(said)
                raws.append(raw)
            elif said is None:
                del kept[at:]
                break
        if _CLIPPED in names and not clipped:
            self._learn(raws[names.index(_CLIPPED)])
        numbers = range(first, first + len(kept))
        columns = list(compress(lines, kept)), list(compress(numbers, kept))
        return Sifted(*columns, unrecognised, asides, behind, names, raws)

    def _learn(self, raw: bytes) -> None:
        """Learn where lines of clipping come from."""
        end = raw.index(b"] ") + len(b"] ")
        if end <= self._place.stop:
            self._clipped, self._end = raw[self._place], end


def apart(lines: list[bytes], shortcuts: Shortcuts) -> list[bytes]:
    """Return a display that was read line by line, and a test before it, without other lines.

    It ends at the first line that is in doubt.
    """
    kept = [b"ward]" in x for x in lines]
    for at in compress(range(len(lines)), map(not_, kept)):
        found = shortcuts.find(lines[at])
        kept[at] = found is not None and found[0] != _CLIPPED
        raw = lines[at][:MAX_LINE]
        if not (kept[at] or is_foreign(raw) or said_aside(raw, shortcuts) is not None):
            del kept[at:]
            break
    return lines if len(kept) == len(lines) and all(kept) else list(compress(lines, kept))
