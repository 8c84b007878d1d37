"""A picture of few colours, as PNG in a data URI."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Iterable, Sequence


def pictures(rows: Sequence[bytes], palettes: Iterable[Sequence[bytes]]) -> list[str]:
    """Return the address of a picture in each of several palettes; a byte of a row is a pixel.

    It is the number, from 1 on, of a colour in the palette (red, green, blue); 0 is clear.
    """
    size = struct.pack(">II", len(rows[0]), len(rows))
    head = _chunk(b"IHDR", size + bytes((8, 3, 0, 0, 0)))  # eight bits, numbers of colours
    data = _chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    clear = _chunk(b"tRNS", b"\0")
    made = []
    for palette in palettes:
        colours = _chunk(b"PLTE", b"".join((bytes(3), *palette)))
        png = b"\x89PNG\r\n\x1a\n" + head + colours + clear + data + _chunk(b"IEND", b"")
        made.append(f"data:image/png;base64,{b64encode(png).decode()}")
    return made


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
