"""Compressed logs, known by their first bytes and not by their names."""

from __future__ import annotations

import io
from collections.abc import Mapping
from types import ModuleType
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from caffewatch.report.unpackers import Unpacker

_PIECE = 4096
"""Compressed bytes that are unpacked at a time: what an error costs of the text before it."""


class ArchiveError(Exception):
    """An archive that cannot be unpacked, or not to its end."""


FORMATS: Mapping[str, str] = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz"}
"""Ending of a name -> what such a file holds."""
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz"}
"""First bytes of an archive -> its format."""
_LONGEST = max(map(len, _MAGIC))


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
        self._fill(_LONGEST)
        self.format = self._found()
        self._unpacker = self._new_unpacker(self.format)

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

    def _found(self) -> str | None:
        return next((x for magic, x in _MAGIC.items() if self._held.startswith(magic)), None)

    def _new_unpacker(self, found: str | None) -> Unpacker | None:
        made: Unpacker | None = None if found is None else _unpackers().UNPACKERS[found]()
        return made

    def _unpack(self, unpacker: Unpacker, size: int) -> bytes:
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
        except _unpackers().ERRORS as error:
            raise ArchiveError(f"damaged {self.format} archive: {error}") from error

    def _next(self, rest: bytes) -> None:
        """Begin the archive behind one that has ended; zeros may pad them."""
        self._held = (rest + self._held).lstrip(b"\0")
        while not self._held and not self._ended:
            self._fill(1)
            self._held = self._held.lstrip(b"\0")
        self._fill(_LONGEST)
        found = self._found()
        if found is None and self._held:
            raise ArchiveError(f"behind the end of the {self.format} archive stands what is none")
        self._unpacker = self._new_unpacker(found)


def _unpackers() -> ModuleType:
    from caffewatch.report import unpackers  # noqa: PLC0415 - most logs are not compressed

    return unpackers
