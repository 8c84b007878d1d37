"""Many lines at a time: what is cut out of them, compared and read as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from operator import getitem, ne
from typing import cast

cut = cast(Callable[[bytes, slice], bytes], getitem)


def floats(texts: Sequence[bytes]) -> list[float]:
    """Read numbers, up to the first that is none."""
    try:
        return list(map(float, texts))
    except ValueError:
        values: list[float] = []
        for text in texts:
            try:
                values.append(float(text))
            except ValueError:
                break
        return values


def leading_of(found: Iterable[object], wanted: object) -> int:
    """Return how many are equal to one, up to the first that is not."""
    all_found = list(found)
    if all_found.count(wanted) == len(all_found):
        return len(all_found)
    return leading(all_found, repeat(wanted))


def leading(found: Iterable[object], wanted: Iterable[object]) -> int:
    """Return how many are equal, up to the first that is not."""
    differs = list(map(ne, found, wanted))
    return differs.index(True) if True in differs else len(differs)
