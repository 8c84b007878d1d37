"""Which file is this? What happened to a log between two looks, as a pure decision."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

SAMPLE_SIZE = 1024
"""Bytes at the beginning, and before the read position, that vouch for a file's content."""


class FileId(NamedTuple):
    """Device and inode. Inodes are used again once a file is deleted, so content must agree too."""

    device: int
    inode: int


@dataclass(frozen=True, slots=True)
class Digest:
    """A hash of so many bytes."""

    length: int
    hash: str

    @classmethod
    def of(cls, data: bytes) -> Digest:
        """Hash all of the data."""
        return cls(len(data), hashlib.blake2b(data, digest_size=16).hexdigest())

    def matches(self, data: bytes) -> bool:
        """Tell whether the data begins with the bytes that were hashed."""
        return len(data) >= self.length and Digest.of(data[: self.length]) == self


@dataclass(frozen=True, slots=True)
class Known:
    """A file as it was read: up to `offset`.

    Parameters
    ----------
    head
        The first bytes, at most `SAMPLE_SIZE`, never beyond `offset`: grows with the file.
    tail
        The bytes right before `offset`, at most `SAMPLE_SIZE`.
    has_line
        At least one line was read whole: the beginning of a stamp is every log's.
    """

    file: FileId
    head: Digest
    tail: Digest
    offset: int
    has_line: bool = True

    @property
    def is_telling(self) -> bool:
        """Whether the content alone tells this file from others."""
        return self.has_line and self.offset > 0

    def agrees(self, seen: Seen) -> bool:
        """Tell whether a file, whatever its inode, begins with all that was read."""
        return (
            seen.size >= self.offset
            and self.head.matches(seen.head)
            and self.tail.matches(seen.tail)
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it is now: its size, first bytes, and the bytes before a known offset."""

    file: FileId
    size: int
    head: bytes
    tail: bytes


class Change(Enum):
    """What happened to a log between two looks."""

    SAME = "same"
    GROWN = "grown"
    TRUNCATED = "truncated"
    """The same inode, but what was read is no longer in it (perhaps it has regrown since)."""
    REPLACED = "replaced"
    """Another inode that begins with all that was read: go on at the same offset."""
    ROTATED = "rotated"
    """Another inode with other content: a new file."""
    GONE = "gone"


def decide(known: Known, seen: Seen | None) -> Change:
    """Compare what was read with what is there now (None: nothing)."""
    if seen is None:
        return Change.GONE
    agrees = known.agrees(seen)
    if seen.file != known.file:
        return Change.REPLACED if agrees and known.is_telling else Change.ROTATED
    if not agrees:
        return Change.TRUNCATED
    return Change.GROWN if seen.size > known.offset else Change.SAME
