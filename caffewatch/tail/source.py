"""One physical file on its way through: how far it was read, and whether it is still itself."""

from __future__ import annotations

from dataclasses import replace

from caffewatch.tail.events import Chunk
from caffewatch.tail.identity import SAMPLE_SIZE, Change, Digest, Known, decide
from caffewatch.tail.position import FilePosition, PastFile
from caffewatch.tail.reader import OpenFile


class Source:
    """A stream of bytes out of one file.

    Parameters
    ----------
    file
        The open file.
    stream, continues
        Number of this stream, and of the one it takes over from.
    offset
        Where to begin; just after an end of line, or 0.
    now
        Seconds since the epoch.
    """

    def __init__(
        self, file: OpenFile, stream: int, continues: int | None, offset: int, now: float
    ) -> None:
        self.file: OpenFile | None = file
        self.path = file.path
        self.id = file.id
        self.stream = stream
        self.continues = continues
        self.run_start: int | None = None
        self.ended = False
        self.touched = False
        self.grown_at = now
        self._saved: FilePosition | None = None
        self._verified: tuple[int, int] | None = None
        self._seek(offset)

    @classmethod
    def resume(cls, file: OpenFile, saved: FilePosition, rewind: bool, now: float) -> Source:
        """Go on where an earlier process stopped, or where the run began before that."""
        start = (saved.run_start or 0) if rewind else saved.known.offset
        source = cls(file, saved.stream, saved.continues, start, now)
        source.run_start = saved.run_start
        # A file that was done with before the restart has nothing to wait for.
        source.grown_at = 0.0 if saved.ended else now
        source._saved = saved if start < saved.known.offset else None
        return source

    @property
    def replaying(self) -> bool:
        """Whether the next bytes were taken in before the last restart."""
        return self._saved is not None

    @property
    def fragment(self) -> bool:
        """Whether the last bytes read are a line without its end."""
        return self.offset > self.line_end

    @property
    def known(self) -> Known:
        """The file as read up to the offset, fragments included."""
        head, tail = Digest.of(self._head), Digest.of(self._tail)
        return Known(self.id, head, tail, self.offset, has_line=self.line_end > 0)

    def position(self) -> FilePosition:
        """Return what a later process needs: the state at the end of the last complete line."""
        if self._saved is not None:
            known = replace(self._saved.known, file=self.id)
        else:
            head = self._head[: self.line_end]
            known = Known(self.id, Digest.of(head), Digest.of(self._line_tail), self.line_end)
        return FilePosition(
            self.stream, self.continues, self.path, known, self.run_start, self.ended
        )

    def past(self) -> PastFile:
        """Return what tells this file from a new log."""
        return PastFile(self.id, Digest.of(self._head))

    def check(self) -> Change:
        """Compare what was read with what the open file holds now."""
        if self.file is None:
            return Change.GONE
        status = self.file.status()
        stamp = (status.st_size, status.st_mtime_ns)
        self.touched = stamp != self._verified
        if not self.touched:
            return Change.GROWN if status.st_size > self.offset else Change.SAME
        change = decide(self.known, self.file.seen(self.offset))
        if change is not Change.TRUNCATED:
            self._verified = stamp
        return change

    def take(self, size: int, now: float) -> Chunk | None:
        """Read on by at most so many bytes; None at the end of the file."""
        replay, end = self.replaying, None
        if self._saved is not None:
            end = self._saved.known.offset
            size = min(size, end - self.offset)
        data = self.file.read(self.offset, size) if self.file else b""
        if not data:
            return None
        self._advance(data)
        self.grown_at = self.grown_at if replay else now
        if self.offset == end:
            self._saved = None
        return Chunk(self.stream, self.continues, data, self.offset, replay)

    def attach(self, file: OpenFile) -> None:
        """Read on from another open file that holds all that was read from this one."""
        self.close()
        self.file, self.path, self.id = file, file.path, file.id
        self._verified = None

    def detach(self) -> OpenFile | None:
        """Give the open file away."""
        file, self.file = self.file, None
        return file

    def lag(self) -> int:
        """Return how many bytes are there and not yet read."""
        try:
            return max(0, self.file.status().st_size - self.offset) if self.file else 0
        except OSError:
            return 0

    def close(self) -> None:
        """Close the file; what is known of it stays."""
        if self.file is not None:
            self.file.close()
            self.file = None

    def _seek(self, offset: int) -> None:
        assert self.file is not None
        seen = self.file.seen(offset)
        self.offset = self.line_end = offset
        self._head = seen.head[:offset]
        self._tail = self._line_tail = seen.tail

    def _advance(self, data: bytes) -> None:
        self.offset += len(data)
        if len(self._head) < SAMPLE_SIZE:
            self._head = (self._head + data)[:SAMPLE_SIZE]
        line_end = data.rfind(b"\n") + 1
        if line_end:
            self.line_end = self.offset - len(data) + line_end
            self._line_tail = (self._tail + data[:line_end])[-SAMPLE_SIZE:]
        self._tail = (self._tail + data)[-SAMPLE_SIZE:]
