"""Bytes to lines, whatever way the bytes were cut."""

from __future__ import annotations

MAX_LINE = 64 * 1024
"""Bytes of a line that are kept: far beyond any line of Caffe's, and a bound on memory."""


class LineSplitter:
    r"""Split a stream of bytes at ``\n``.

    A line that never ends costs `MAX_LINE` bytes; what is longer is cut off. NUL bytes (the hole
    that copytruncate leaves) and the ``\r`` of CRLF are dropped. ``position`` counts the raw bytes
    up to and with the last line end.
    """

    def __init__(self) -> None:
        self.position = 0
        self._seen = 0
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that these bytes complete."""
        end = data.rfind(b"\n")
        if end >= 0:
            self.position = self._seen + end + 1
        self._seen += len(data)
        if b"\0" in data:
            data = data.replace(b"\0", b"")
        lines = data.split(b"\n")
        lines[0] = self._rest + lines[0]
        if self._skipping and len(lines) > 1:
            lines[0] = self._rest
            self._skipping = False
        self._rest = self._bounded(lines.pop())
        if b"\r" in data or (lines and lines[0].endswith(b"\r")):
            lines = [line.removesuffix(b"\r") for line in lines]
        return lines

    def flush(self) -> list[bytes]:
        """Return the unfinished last line, if there is one, and forget it."""
        rest, self._rest = self._rest, b""
        self._skipping = False
        self.position = self._seen
        return [rest.removesuffix(b"\r")] if rest else []

    @property
    def partial(self) -> bool:
        """Whether an unfinished line is waiting for its end."""
        return self._seen > self.position

    def _bounded(self, rest: bytes) -> bytes:
        if len(rest) <= MAX_LINE:
            return rest
        self._skipping = True
        return rest[:MAX_LINE]
