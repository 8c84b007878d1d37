"""Lines of a log apart from what other programs have written into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import compress, repeat
from operator import not_
from typing import NamedTuple

from caffewatch.log.grammar import is_foreign
from caffewatch.log.lines import MAX_LINE
from caffewatch.log.slices import cut

_STAMPED = re.compile(rb"[IWEF]\d{4}")
_BEGINNING = slice(0, 5)
"""Of a line that has a prefix: severity, and month and day or the year."""


class Sifted(NamedTuple):
    """Lines without foreign ones, and their numbers.

    ``foreign`` are the numbers of the dropped ones that were not blank.
    """

    lines: list[bytes]
    numbers: Sequence[int]
    foreign: Sequence[int]


def sift(lines: list[bytes], first: int, like: Sequence[bytes]) -> Sifted:
    """Drop foreign lines, and blank ones, up to the first line of which that is in doubt.

    Parameters
    ----------
    first
        The number of the first line.
    like
        Lines that begin as those to be kept do.
    """
    known = {x[_BEGINNING] for x in like if _STAMPED.match(x)}
    kept = list(map(known.__contains__, map(cut, lines, repeat(_BEGINNING))))
    foreign: list[int] = []
    for at in compress(range(len(lines)), map(not_, kept)):
        raw = lines[at][:MAX_LINE]
        if is_foreign(raw):
            foreign.append(first + at)
        elif raw.strip():
            del kept[at:]
            break
    numbers = range(first, first + len(kept))
    return Sifted(list(compress(lines, kept)), list(compress(numbers, kept)), foreign)
