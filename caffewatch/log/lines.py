"""Bytes to lines, whatever way the bytes were cut."""

from __future__ import annotations

from collections.abc import Sequence

_WRAPPED = b'{"log":"', b'{"log": "'
MAX_LINE = 64 * 1024
"""Bytes of a line that are kept: far beyond any line of Caffe's, and a bound on memory."""


class LineSplitter:
    r"""Split a stream of bytes at ``\n``.

    A line that never ends costs `MAX_LINE` bytes; what is longer is cut off. NUL bytes (the hole
    that copytruncate leaves) and the ``\r`` of CRLF are dropped. ``position`` counts the raw bytes
    up to and with the last line end, ``seen`` all of them, both from ``start`` on. Where the first
    line is an object of Docker's json-file, what it holds is returned of all.

    Attributes
    ----------
    held
        The last lines, where they are to be read with the next ones.
    is_exact
        Whether of the bytes that came last none was dropped or changed.
    """

    def __init__(self, start: int = 0) -> None:
        self.position = start
        self.seen = start
        self.held: list[bytes] = []
        self.is_exact = True
        self._rest = b""
        self._skipping = False
        self._is_wrapped: bool | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that these bytes complete."""
        end = data.rfind(b"\n")
        if end >= 0:
            self.position = self.seen + end + 1
        self.seen += len(data)
        carriage = b"\r" in data or self._rest.endswith(b"\r")
        self.is_exact = not (carriage or self._skipping) and b"\0" not in data
        if b"\0" in data:
            data = data.replace(b"\0", b"")
        lines = data.split(b"\n")
        cut = self._skipping
        lines[0] = self._rest if cut else self._rest + lines[0]
        rest = lines.pop()
        self._rest = rest[:MAX_LINE]
        self._skipping = len(rest) > MAX_LINE or (cut and not lines)
        if carriage:
            first = lines[:cut]  # the end of a line that was cut off is not its own
            lines = first + [line.removesuffix(b"\r") for line in lines[cut:]]
        return self._unwrapped(lines) if self._is_wrapped is not False else lines

    def flush(self) -> list[bytes]:
        """Return the unfinished last line, if there is one, and forget it."""
        rest, self._rest = self._rest, b""
        if not self._skipping:
            rest = rest.removesuffix(b"\r")
        self._skipping = False
        self.position = self.seen
        return self._unwrapped([rest]) if rest else []

    def _unwrapped(self, lines: list[bytes]) -> list[bytes]:
        if self._is_wrapped is None and lines:
            self._is_wrapped = lines[0].startswith(_WRAPPED)
        if not self._is_wrapped:
            return lines
        self.is_exact = False
        from caffewatch.log.wrapped import unwrap  # noqa: PLC0415 - few logs are, and it costs json

        return [unwrap(line[:MAX_LINE]) for line in lines]


class Offsets:
    """Where the lines of one read begin, in raw bytes from the start of the stream.

    Parameters
    ----------
    first
        Where the first of them begins: some of it may have come with an earlier read.
    seen
        Where the read itself begins.
    data
        What was read.
    held
        Lines of earlier reads that come before it.
    """

    def __init__(self, first: int, seen: int, data: bytes, held: Sequence[bytes] = ()) -> None:
        self._first = first
        self._held = held
        self._seen = seen
        self._data = data
        self._index = 0
        self._start = 0

    def of(self, index: int) -> int:
        """Return where the line at ``index`` begins; it is asked for in rising order."""
        if index < len(self._held):
            return self._first - sum(len(x) + 1 for x in self._held[index:])
        index -= len(self._held)
        while self._index < index:
            self._start = self._data.index(b"\n", self._start) + 1
            self._index += 1
        return self._seen + self._start if index else self._first
