"""One physical file on its way through: how far it was read, and whether it is still itself."""

from __future__ import annotations

import os
from dataclasses import replace

from caffewatch.tail.events import NOTHING, Chunk
from caffewatch.tail.identity import SAMPLE_SIZE, Change, Digest, Known, decide
from caffewatch.tail.position import FilePosition, PastFile
from caffewatch.tail.reader import OpenFile, file_id, if_there, status
from caffewatch.tail.writers import is_being_written


class Source:
    """A stream of bytes out of one file.

    While nothing comes from the file it may be *parked*: closed, and opened again once its name
    shows that it has changed.

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
        self.before = NOTHING
        self.ended = False
        self.touched = False
        self.is_doubtful = False
        self.grown_at = now
        self.held_at = 0.0
        self.deleted_at = 0.0
        self.lost_at: float | None = None
        self.looked_for_at = 0.0
        self._saved: FilePosition | None = None
        self._verified: tuple[int, int] | None = None
        self._status = file.status()
        self._change: Change | None = None
        seen = file.seen(offset)
        self.offset = self.line_end = offset
        self._head = seen.head[:offset]
        self._tail = self._line_tail = seen.tail
        self._has_line = offset > 0
        self._begin = self.known

    @classmethod
    def resume(cls, file: OpenFile, saved: FilePosition, start: int, now: float) -> Source:
        """Go on where an earlier process stopped, or at an offset before that."""
        source = cls(file, saved.stream, saved.continues, start, now)
        source.run_start, source.before = saved.run_start, saved.before
        source._has_line = saved.known.has_line
        source.is_doubtful = not source._has_line
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
        return Known(self.id, head, tail, self.offset, self._has_line)

    @property
    def known_before(self) -> Known:
        """The file as far as it was ever read: before the last restart, while that is replayed."""
        return self.known if self._saved is None else replace(self._saved.known, file=self.id)

    def position(self, taken: bool = True) -> FilePosition:
        """Return what a later process needs: the state at the end of the last complete line.

        Nothing of the stream has been read where it was not ``taken`` in.
        """
        if self._saved is not None:
            known = self.known_before
        elif not taken:
            known = self._begin
        else:
            head, tail = Digest.of(self._head[: self.line_end]), Digest.of(self._line_tail)
            known = Known(self.id, head, tail, self.line_end, self._has_line)
        return FilePosition(
            self.stream, self.continues, self._place(), known, self.run_start, self.ended,
            self.before,
        )  # fmt: skip

    def past(self) -> PastFile:
        """Return what tells this file from a new log."""
        return PastFile.of(self.known_before)

    def check(self) -> Change:
        """Compare what was read with what the open file holds now."""
        if self.file is None:
            return Change.GONE
        found = self._status = self.file.status()
        stamp = (found.st_size, found.st_mtime_ns)
        if stamp == self._verified:
            self._change = Change.GROWN if found.st_size > self.offset else Change.SAME
            return self._change
        self.touched = True
        known = self.known_before
        self._change = decide(known, self.file.seen(known.offset))
        if self._change is not Change.TRUNCATED:
            self._verified = stamp
            self._change = Change.GROWN if found.st_size > self.offset else Change.SAME
        return self._change

    def is_as_read(self, found: os.stat_result) -> bool:
        """Tell whether a file is this one, and as it was when it was read to its end."""
        stamp = (found.st_size, found.st_mtime_ns)
        is_read = stamp == self._verified and found.st_size == self.offset and self._saved is None
        return is_read and file_id(found) == self.id

    def take_change(self) -> Change | None:
        """Return what the last check found, once: a look need not ask twice."""
        change, self._change = self._change, None
        return change if self.file is not None else None

    def take(self, size: int, now: float) -> Chunk | None:
        """Read on by at most so many bytes; None at the end of the file.

        What lies before the offset is read with it, and must be what it was: the file may have been
        truncated and written anew since it was checked.
        """
        replay, end = self.replaying, None
        if self._saved is not None:
            end = self._saved.known.offset
            size = min(size, end - self.offset)
        before = len(self._tail)
        data = self.file.read(self.offset - before, before + size) if self.file else b""
        if not data.startswith(self._tail):
            self._verified = None
            return None
        data = _whole_lines(data[before:], size)
        if not data:
            return None
        self._advance(data)
        self.grown_at = self.grown_at if replay else now
        if self.offset == end:
            self._saved = None
        behind = self.before if self.offset - len(data) == self.run_start else NOTHING
        return Chunk(self.stream, self.continues, data, self.offset, replay, behind)

    def attach(self, file: OpenFile) -> None:
        """Read on from another open file that holds all that was read from this one."""
        self.close()
        self.is_doubtful = self.is_doubtful or not self._has_line
        self.file, self.path, self.id = file, file.path, file.id
        self._verified = self._change = None

    def detach(self) -> OpenFile | None:
        """Give the open file away."""
        file, self.file = self.file, None
        return file

    @property
    def parked(self) -> bool:
        """Whether the file is closed, and was as it was read when it was seen last."""
        return self.file is None and self._verified is not None

    def park(self) -> None:
        """Close the file until its name shows that something was written to it."""
        if self.file is not None:
            self.path = self._place()
            self.file.close()
            self.file = None

    def unpark(self) -> bool:
        """Open a parked file again if it was written to; False when it is not at its path.

        Raises
        ------
        OSError
            It is there, but cannot be opened.
        """
        found = None
        with if_there:
            found = status(self.path)
        if found is None or file_id(found) != self.id:
            return False
        if (found.st_size, found.st_mtime_ns) != self._verified:
            file = OpenFile.open(self.path)
            if file.id != self.id:
                file.close()
                return False
            self.attach(file)
        return True

    def is_copied_in(self, file: OpenFile) -> bool:
        """Tell whether all of a file, or its beginning, was read from this one or will be."""
        known = self.known_before
        head = file.read(0, SAMPLE_SIZE)
        if b"\n" in head and file.size <= self.offset and self._head.startswith(head):
            return True
        if known.has_line and known.agrees(file.seen(known.offset)):
            return True
        return self.file is not None and self.file.holds(file)

    def is_unread_in(self, file: OpenFile) -> bool:
        """Tell whether nothing was read from this file that tells it, and another has it all."""
        return not self._has_line and self.file is not None and file.holds(self.file)

    def lives_on_in(self, file: OpenFile) -> bool:
        """Tell whether another file is to be read in the place of this one, gone or unread."""
        if self.file is None:
            return self._is_lost() and self.known.is_telling and self._is_begun_in(file)
        if self.offset and not self.file.is_deleted:
            return False
        if not (file.holds(self.file) and self._is_begun_in(file)):
            return False
        # Of two that are alike, one without a name has a future only if somebody writes it.
        is_over = self.file.is_deleted and not is_being_written(self.id)
        return file.size > self.file.size or is_over

    def replaces(self, file: OpenFile) -> bool:
        """Tell whether a file was deleted of which this one, not yet read, holds all."""
        if self.file is None or self.offset or not file.is_deleted:
            return False
        return self.file.holds(file)

    def revive(self, stream: int) -> None:
        """Go on as another stream after an end that was none."""
        self.continues, self.stream = self.stream, stream
        self.ended = False
        self._begin = self.known

    def end(self) -> None:
        """Take an unfinished last line for a whole one: nothing more is expected."""
        self.ended = True
        self.line_end, self._line_tail = self.offset, self._tail

    def lag(self) -> int:
        """Return how many bytes were there at the last check and are not yet read."""
        return max(0, self._status.st_size - self.offset) if self.file else 0

    @property
    def was_deleted(self) -> bool:
        """Whether the file had no name any more at the last check."""
        return self._status.st_nlink == 0

    def close(self) -> None:
        """Close the file; what is known of it stays, save that it is as it was last seen."""
        self.park()
        self._verified = None

    def _place(self) -> str:
        """Return where the file is by now: it may have been moved, to another folder even."""
        return (self.file.whereabouts() if self.file else None) or self.path

    def _is_lost(self) -> bool:
        """Tell whether the file is not where it was when it was closed."""
        with if_there:
            return file_id(status(self.path)) != self.id
        return True

    def _is_begun_in(self, file: OpenFile) -> bool:
        return self.known.agrees(file.seen(self.offset))

    def _advance(self, data: bytes) -> None:
        self.offset += len(data)
        if len(self._head) < SAMPLE_SIZE:
            self._head = (self._head + data)[:SAMPLE_SIZE]
        line_end = data.rfind(b"\n") + 1
        if line_end:
            self._has_line = True
            self.line_end = self.offset - len(data) + line_end
            self._line_tail = (self._tail + data[:line_end])[-SAMPLE_SIZE:]
        self._tail = (self._tail + data)[-SAMPLE_SIZE:]


def _whole_lines(data: bytes, size: int) -> bytes:
    """Cut a full read after its last line: its rest comes with the next one."""
    if len(data) < size:
        return data
    return data[: data.rfind(b"\n") + 1] or data
