"""Lines of a log apart from what other programs, and Caffe itself, have written between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, repeat
from operator import not_
from typing import NamedTuple

from caffewatch.log.asides import Said, said_aside
from caffewatch.log.grammar import is_foreign
from caffewatch.log.lines import MAX_LINE
from caffewatch.log.shape import Lines
from caffewatch.log.shortcuts import Shortcuts
from caffewatch.log.slices import cut


class Sifted(NamedTuple):
    """Lines of displays and tests without others, and their numbers.

    Parameters
    ----------
    unrecognised
        The numbers of dropped lines that say nothing that Caffe says.
    asides, said
        The numbers of those that are events, and what they say.
    """

    lines: list[bytes]
    numbers: Sequence[int]
    unrecognised: Sequence[int] = ()
    asides: Sequence[int] = ()
    said: Sequence[Said] = ()


class Sieve:
    """What tells the learned lines from others: thread, place in the source, and a few letters."""

    def __init__(self, *learned: Lines) -> None:
        fixed = [x for lines in learned for x in lines.fixed]
        prefixes = [len(lines.heads[x.at]) for lines in learned for x in lines.shown]
        length = min(max(prefixes), *map(len, fixed))
        start = learned[0].stamp_end
        self._place = slice(start, start + length)
        self._keys = frozenset(x[:length] for x in fixed)

    def sift(self, lines: list[bytes], first: int, shortcuts: Shortcuts) -> Sifted:
        """Keep lines like the learned ones, up to the first line that is in doubt.

        Parameters
        ----------
        first
            The number of the first line.
        """
        keys = map(cut, lines, repeat(self._place))
        return _sifted(lines, first, list(map(self._keys.__contains__, keys)), shortcuts)


def apart(lines: list[bytes], shortcuts: Shortcuts) -> list[bytes]:
    """Return a display that was read line by line, and a test before it, without other lines."""
    kept = [b"ward]" in x for x in lines]
    for at in compress(range(len(lines)), map(not_, kept)):
        found = shortcuts.find(lines[at])
        kept[at] = found is not None and found[0] != "clipped"
    return lines if all(kept) else _sifted(lines, 0, kept, shortcuts).lines


def _sifted(lines: list[bytes], first: int, kept: list[bool], shortcuts: Shortcuts) -> Sifted:
    unrecognised: list[int] = []
    asides: list[int] = []
    told: list[Said] = []
    for at in compress(range(len(lines)), map(not_, kept)):
        raw = lines[at][:MAX_LINE]
        if is_foreign(raw):
            unrecognised.append(first + at)
        elif raw.strip():
            said = said_aside(raw, shortcuts)
            if said is None:
                del kept[at:]
                break
            if said.name:
                asides.append(first + at)
                told.append(said)
            elif not said.recognised:
                unrecognised.append(first + at)
    numbers = range(first, first + len(kept))
    columns = list(compress(lines, kept)), list(compress(numbers, kept))
    return Sifted(*columns, unrecognised, asides, told)
