"""Lines of a log apart from what other programs, and Caffe itself, have written between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, repeat
from operator import not_

from caffewatch.log.asides import UNRECOGNISED, said_aside
from caffewatch.log.grammar import is_foreign
from caffewatch.log.lines import MAX_LINE
from caffewatch.log.schedule import Due
from caffewatch.log.shape import Lines
from caffewatch.log.shortcuts import PATTERNS, Shortcuts
from caffewatch.log.slices import cut, leading_of

_CLIPPED = "clipped"
_CLIPPING = PATTERNS[_CLIPPED]
_FEW = 8
"""Displays that are looked at together at first."""


class Sifted:
    """Lines of displays and tests without others.

    Parameters
    ----------
    lines, start
        Where they are taken from, and where in that to begin.
    first
        The number of the line there.

    Attributes
    ----------
    unrecognised
        The numbers of dropped lines that say nothing that Caffe says.
    asides, behind
        The numbers of those that are events, and which of the kept ones comes behind each.
    names, raws
        The names of their patterns, and the lines.
    """

    def __init__(self, lines: list[bytes], start: int, first: int) -> None:
        self._from, self._shift = lines, first - start
        self._begin = self._start = self._at = start
        self._lines: list[bytes] = []
        self._numbers: list[int] = []
        self.unrecognised: list[int] = []
        self.asides: list[int] = []
        self.behind: list[int] = []
        self.names: list[str] = []
        self.raws: list[bytes] = []

    def kept(self) -> tuple[list[bytes], Sequence[int]]:
        """Return what was kept, and the numbers of these lines."""
        if not self._lines:
            numbers = range(self._start + self._shift, self._at + self._shift)
            return self._from[self._start : self._at], numbers
        self._add_whole()
        return self._lines, self._numbers

    @property
    def mixture(self) -> float:
        """How many lines there were to one that was kept."""
        return (self._at - self._begin) / max(1, len(self._lines) + self._at - self._start)

    def take(self, count: int) -> None:
        """Keep so many lines as they come."""
        self._at = min(self._at + count, len(self._from))

    def in_place(self, key: bytes, place: slice, period: int, most: int) -> int:
        """Return how many of the next lines at equal distances have a key, up to another."""
        start = self._at + period - 1
        column = self._from[start : start + most * period : period]
        return leading_of(map(cut, column, repeat(place)), key)

    def sift(self, count: int, sieve: Sieve, shortcuts: Shortcuts) -> bool:
        """Keep so many lines that a sieve keeps; return whether they came before one in doubt."""
        certain = True
        while count > 0 and certain and self._at < len(self._from):
            lines = self._from[self._at : self._at + count]
            keys = list(map(cut, lines, repeat(sieve.place)))
            kept = list(map(sieve.keys.__contains__, keys))
            first, done = self._at + self._shift, len(self._lines) + self._at - self._start
            for dropped, at in enumerate(compress(range(len(lines)), map(not_, kept))):
                raw = lines[at][:MAX_LINE]
                if keys[at] == sieve.clipped and _CLIPPING.match_bytes(raw, sieve.end):
                    said: str | None = _CLIPPED
                elif is_foreign(raw):
                    said = UNRECOGNISED
                else:
                    said = sieve.judge(raw, keys[at], shortcuts)
                if said == UNRECOGNISED:
                    self.unrecognised.append(first + at)
                elif said:
                    self.asides.append(first + at)
                    self.behind.append(done + at - dropped)
                    self.names.append(said)
                    self.raws.append(raw)
                elif said is None:
                    del kept[at:]
                    certain = False
                    break
            found = kept.count(True)
            count -= found
            if found == len(lines):
                self._at += found
                continue
            self._add_whole()
            self._lines += compress(lines, kept)
            self._numbers += compress(range(first, first + len(kept)), kept)
            self._at = self._start = self._at + len(kept)
        return count <= 0

    def _add_whole(self) -> None:
        """Put down what has been kept as it came since the last line that was not."""
        start, self._start = self._start, self._at
        self._lines += self._from[start : self._at]
        self._numbers += range(start + self._shift, self._at + self._shift)


class Sieve:
    """What tells the learned lines from others: thread, place in the source, and a few letters.

    Attributes
    ----------
    place, keys
        Where these stand in a line, and those of the learned ones.
    clipped, end
        Those of lines of clipping, and where their message begins.
    """

    def __init__(self, display: Lines, test: Lines | None) -> None:
        learned = [display] if test is None else [display, test]
        heads = [x for lines in learned for x in lines.heads]
        start, self._length = display.stamp_end, min(map(len, heads))
        self.place = slice(start, start + self._length)
        self.keys = frozenset(x[: self._length] for x in heads)
        self._display, self._test = display, test
        self.clipped, self.end = b"", 0

    def judge(self, raw: bytes, key: bytes, shortcuts: Shortcuts) -> str | None:
        """Return what is said by a line of Caffe's that is none of the learned; see `said_aside`.

        Learn where lines of clipping come from: of those there may be one for each iteration.
        """
        said = said_aside(raw, shortcuts)
        if said == _CLIPPED:
            end = raw.find(b"] ") + len(b"] ")
            if end <= self.place.stop:
                self.clipped, self.end = key, end
        return said

    def sift(self, sifted: Sifted, count: int, due: Due, shortcuts: Shortcuts) -> None:
        """Keep displays, and the tests that are due, where there are few lines between them.

        Those that end where they should are taken as they come: they are compared afterwards.
        """
        done, tries = 0, _FEW
        for before, _ in (*due, (count, 0)):
            while done < before:
                most = min(tries, before - done)
                whole = self._take(sifted, self._display, most)
                tries = 2 * tries if whole == most else _FEW
                if whole < most and not sifted.sift(len(self._display), self, shortcuts):
                    return
                done += min(most, whole + 1)
            if before < count and self._test is not None and not self._take(sifted, self._test, 1):
                sifted.sift(len(self._test), self, shortcuts)

    def _take(self, sifted: Sifted, like: Lines, most: int) -> int:
        """Keep displays or tests up to one that does not end in place; return how many."""
        period, key = len(like), like.heads[-1][: self._length]
        found = sifted.in_place(key, self.place, period, most)
        sifted.take(found * period)
        return found


def apart(lines: list[bytes], shortcuts: Shortcuts) -> list[bytes]:
    """Return a display that was read line by line, and a test before it, without other lines.

    It ends at the first line that is in doubt.
    """
    kept = [b"ward]" in x for x in lines]
    for at in compress(range(len(lines)), map(not_, kept)):
        raw = lines[at][:MAX_LINE]
        found = shortcuts.find(raw)
        if found is not None:
            kept[at] = found[0] != _CLIPPED
        elif not is_foreign(raw) and said_aside(raw, shortcuts) is None:
            del kept[at:]
            break
    return lines if len(kept) == len(lines) and all(kept) else list(compress(lines, kept))
