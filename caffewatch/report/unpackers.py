"""What unpacks compressed logs: loaded where there is one."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

_MOST_MEMORY = 128 << 20
"""Bytes that unpacking may take; xz -9 needs 65 MB, and an archive can ask for any number."""


class Unpacker(Protocol):
    """What unpacks one archive piece by piece, as `bz2.BZ2Decompressor` does."""

    @property
    def eof(self) -> bool:
        """Whether the archive has ended."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing more to be had of what was given."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What was given and lies behind the archive's end."""
        ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Take some bytes of the archive, and unpack at most so many."""
        ...


class _Gzip:
    """One member of a gzip archive, unpacked as the other formats' classes do."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        out = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = len(out) < max_length and not self._inner.unconsumed_tail
        return out


_XZ = lzma.FORMAT_XZ
UNPACKERS: Mapping[str, Callable[[], Unpacker]] = {
    "gzip": _Gzip,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(_XZ, _MOST_MEMORY),
}
"""Name of a format -> what makes an unpacker for one archive of it."""
ERRORS = (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error)
"""What an unpacker may raise."""
