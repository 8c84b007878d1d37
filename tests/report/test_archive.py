from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from caffewatch.report.archive import ArchiveError, LogFile
from tests.logs import healthy

Compress = Callable[[bytes], bytes]
each = pytest.mark.parametrize(
    "compress", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"]
)


def opened(content: bytes) -> LogFile:
    """Open a file of this content."""
    return LogFile(io.BytesIO(content))


def salvaged(content: bytes) -> tuple[bytes, str]:
    """Read as far as it goes; return that and the error."""
    file = opened(content)
    pieces = []
    try:
        while data := file.read(1000):
            pieces.append(data)
    except ArchiveError as error:
        return b"".join(pieces), str(error)
    return b"".join(pieces), ""


class TestLogFile:
    @pytest.mark.parametrize("content", [b"", b"\x1f", b"text", b"x" * 10_000])
    def test_plain(self, content: bytes) -> None:
        """What is no archive is read as it stands, however short."""
        file = opened(content)

        assert (file.format, file.read(), file.read(5)) == (None, content, b"")

    @each
    @pytest.mark.parametrize("padding", [b"", b"\0" * 4, b"\0" * 20_000])
    def test_several_archives_in_a_row(self, compress: Compress, padding: bytes) -> None:
        """As a rotation that appends makes them, with zeros between them or not."""
        content = b"".join(compress(x) + padding for x in (b"one", b"", b"x" * 9000, b"end"))

        assert salvaged(content) == (b"one" + b"x" * 9000 + b"end", "")

    @each
    def test_cut_off(self, compress: Compress) -> None:
        """All before the cut is read, save what bzip2 packs into one block."""
        text = healthy(200).data
        packed = compress(text)

        read, error = salvaged(packed[: len(packed) // 2])

        assert text.startswith(read)
        assert (len(read) > 1000) == (compress is not bz2.compress)
        assert error.startswith("cut off: the ")
        assert salvaged(packed[:-1])[1] == error

    def test_overwritten(self) -> None:
        """What stands before the damage is read."""
        text = random.Random(1).randbytes(50_000).hex().encode()
        packed = bytearray(gzip.compress(text))
        middle = len(packed) // 2
        packed[middle : middle + 100] = b"\xff" * 100

        read, error = salvaged(bytes(packed))

        assert read[:40_000] == text[:40_000]
        assert error.startswith("damaged gzip archive: Error -3")

    def test_wrong_checksum(self) -> None:
        """The damage is told."""
        packed = gzip.compress(b"text")

        _, error = salvaged(packed[:-5] + b"x" + packed[-4:])

        assert error == (
            "damaged gzip archive: Error -3 while decompressing data: incorrect data check"
        )

    @each
    def test_something_else_behind_it(self, compress: Compress) -> None:
        """The archive is read first."""
        read, error = salvaged(compress(b"text") + b"a shell appended this")

        assert read == b"text"
        assert error.startswith("behind the end of the ")

    @each
    def test_a_bomb(self, compress: Compress) -> None:
        """A small archive of 50 MB of zeros is unpacked piece by piece."""
        file = opened(compress(bytes(50 << 20)))
        tracemalloc.start()

        total = sum(len(data) for data in iter(lambda: file.read(1 << 18), b""))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert total == 50 << 20
        assert peak < 10 << 20

    def test_an_archive_that_asks_for_memory(self) -> None:
        """Its header names a dictionary of a gigabyte: refused, not allocated."""
        packed = bytearray(lzma.compress(b"text"))
        usual = salvaged(bytes(packed))
        block = 12  # behind the stream's header
        at = packed.index(b"\x21\x01", block) + 2
        packed[at] = 36  # the dictionary: 2 to the power of 30
        size = 4 * (packed[block] + 1) - 4
        packed[block + size : block + size + 4] = zlib.crc32(packed[block : block + size]).to_bytes(
            4, "little"
        )

        asked = salvaged(bytes(packed))

        assert usual == (b"text", "")
        assert asked == (b"", "damaged xz archive: Memory usage limit exceeded")

    def test_closing(self) -> None:
        """Closes the file below."""
        raw = io.BytesIO(b"text")

        with LogFile(raw) as file:
            assert file.readable()

        assert raw.closed
