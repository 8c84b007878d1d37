"""A picture of few colours, as PNG in a data URI."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Sequence


def picture(rows: Sequence[bytes], palette: Sequence[bytes]) -> str:
    """Return the address of a picture that has one pixel for each byte of its rows.

    A byte is the number of a colour in the ``palette`` (red, green, blue); one beyond it is clear.
    """
    size = struct.pack(">II", len(rows[0]), len(rows))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", size + bytes((8, 3, 0, 0, 0))),  # eight bits, numbers of colours
            _chunk(b"PLTE", b"".join(palette) + bytes(3)),
            _chunk(b"tRNS", b"\xff" * len(palette) + b"\0"),
            _chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))),
            _chunk(b"IEND", b""),
        )
    )
    return f"data:image/png;base64,{b64encode(png).decode()}"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
