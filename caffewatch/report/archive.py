"""Compressed logs, known by their first bytes and not by their names."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Mapping
from typing import IO, NamedTuple, Protocol

_PIECE = 4096
"""Compressed bytes that are unpacked at a time: what an error costs of the text before it."""
_MOST_MEMORY = 128 << 20
"""Bytes that unpacking may take; xz -9 needs 65 MB, and an archive can ask for any number."""


class ArchiveError(Exception):
    """An archive that cannot be unpacked, or not to its end."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


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


class _Format(NamedTuple):
    name: str
    magic: bytes
    unpacker: Callable[[], _Unpacker]


_XZ = lzma.FORMAT_XZ
FORMATS: Mapping[str, _Format] = {
    ".gz": _Format("gzip", b"\x1f\x8b", _Gzip),
    ".bz2": _Format("bzip2", b"BZh", bz2.BZ2Decompressor),
    ".xz": _Format("xz", b"\xfd7zXZ\0", lambda: lzma.LZMADecompressor(_XZ, _MOST_MEMORY)),
}
"""Ending of a name -> what such a file holds."""
_ERRORS = (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error)


class LogFile(io.RawIOBase):
    """A log's bytes, unpacked where they are compressed.

    Several archives in one file are unpacked one after the other. Memory is bounded, whatever they
    grow to.

    Attributes
    ----------
    fileobj
        The file as it stands on disk.
    format
        gzip, bzip2 or xz; None where the file is not compressed.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        self.fileobj = raw
        self._held = b""
        self._ended = False
        self._fill(max(len(x.magic) for x in FORMATS.values()))
        found = self._found()
        self.format = found and found.name
        self._unpacker = found and found.unpacker()

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read at most so many bytes, or all; none at the end.

        Raises
        ------
        OSError
            The file cannot be read.
        ArchiveError
            It cannot be unpacked any further.
        """
        if size < 0:
            return b"".join(iter(lambda: self.read(1 << 18), b""))
        if self.format is None:
            held, self._held = self._held, b""
            return held or self.fileobj.read(size)
        out = b""
        while not out and self._unpacker is not None:
            out = self._unpack(self._unpacker, size)
        return out

    def close(self) -> None:
        """Close the file."""
        self.fileobj.close()
        super().close()

    def _fill(self, size: int) -> None:
        while len(self._held) < size and not self._ended:
            data = self.fileobj.read(_PIECE)
            self._held += data
            self._ended = not data

    def _found(self) -> _Format | None:
        return next((x for x in FORMATS.values() if self._held.startswith(x.magic)), None)

    def _unpack(self, unpacker: _Unpacker, size: int) -> bytes:
        if unpacker.eof:
            self._next(unpacker.unused_data)
            return b""
        if unpacker.needs_input:
            self._fill(1)
            if not self._held:
                raise ArchiveError(
                    f"cut off: the {self.format} archive ended before its end marker"
                )
        data, self._held = (self._held, b"") if unpacker.needs_input else (b"", self._held)
        try:
            return unpacker.decompress(data, size)
        except _ERRORS as error:
            raise ArchiveError(f"damaged {self.format} archive: {error}") from error

    def _next(self, rest: bytes) -> None:
        """Begin the archive behind one that has ended; zeros may pad them."""
        self._held = (rest + self._held).lstrip(b"\0")
        while not self._held and not self._ended:
            self._fill(1)
            self._held = self._held.lstrip(b"\0")
        self._fill(max(len(x.magic) for x in FORMATS.values()))
        found = self._found()
        if found is None and self._held:
            raise ArchiveError(f"behind the end of the {self.format} archive stands what is none")
        self._unpacker = found and found.unpacker()
