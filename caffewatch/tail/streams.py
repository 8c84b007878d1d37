"""The files of one log that are being read: the one behind its path, and those rotated away."""

from __future__ import annotations

from collections.abc import Iterator

from caffewatch.tail.events import Before, Chunk, Ended
from caffewatch.tail.identity import Change, FileId
from caffewatch.tail.position import PastFile, Position
from caffewatch.tail.reader import OpenFile, begins_with, is_no_text
from caffewatch.tail.resume import Found
from caffewatch.tail.source import Source
from caffewatch.tail.writers import is_being_written

CHUNK_SIZE = 256 * 1024
FRAGMENT_PATIENCE = 2.0
"""Seconds that a rotated file's last line may still get its end."""
WRITER_PATIENCE = 300.0
"""The same where somebody can be seen to hold the file open for writing."""
PARK_AFTER = 30.0
"""Seconds of silence after which a rotated file is parked: looked at, but not held open."""
RETIRED_PATIENCE = 3600.0
"""Seconds of silence after which a rotated file's run is taken to be over."""
DELETED_PATIENCE = 6 * 3600.0
"""Seconds of silence after which a deleted file is closed: its disk space is free only then."""
MAX_FILES = 64
"""Files of one log that are looked at; older ones are done with."""
MAX_PAST = 256


class Streams:
    """Sources in the order of their files, oldest first; only the last one has a future."""

    def __init__(self) -> None:
        self._sources: list[Source] = []
        self._past: list[PastFile] = []
        self.last_stream = 0
        self._predecessor: int | None = None
        self.failure: str | None = None

    def __iter__(self) -> Iterator[Source]:
        return iter(self._sources)

    @property
    def current(self) -> Source | None:
        """The newest file: the one behind the path, or that was there last."""
        return self._sources[-1] if self._sources else None

    @property
    def alone(self) -> Source | None:
        """The newest file where it is the only one: nothing depends on how long it is silent."""
        return self._sources[0] if len(self._sources) == 1 else None

    @property
    def past(self) -> tuple[PastFile, ...]:
        """Files that are done with."""
        return tuple(self._past)

    @property
    def patience(self) -> float | None:
        """Seconds after which to look whether an unfinished line is to be taken as it is."""
        waits = any(x.fragment and not x.ended and self._is_followed(x) for x in self._sources)
        return FRAGMENT_PATIENCE if waits else None

    def add(self, file: OpenFile, offset: int, now: float) -> None:
        """Go on with a new file, or one that came back, once all before it are drained."""
        for source in self._sources:
            is_itself = source.id == file.id and source.known.agrees(file.seen(source.offset))
            if is_itself or source.lives_on_in(file):
                if source.file is None or source.id != file.id:
                    source.attach(file)
                else:
                    file.close()
                self.bring_back(source)
                return
        self.last_stream += 1
        skipped = offset
        offset = max(offset, min(self.past_offset(file), file.size))
        source = Source(file, self.last_stream, self._predecessor, offset, now)
        source.run_start = skipped or None  # what was skipped is not read again either
        self._sources.append(source)
        self._predecessor = self.last_stream

    def past_offset(self, file: OpenFile) -> int:
        """Return how far a file was read that is done with, and that this one is a copy of."""
        return max((x.offset for x in self._past if x.begins(file)), default=0)

    def resume(self, found: list[Found], saved: Position, now: float) -> None:
        """Take up the streams of an earlier process that could be found again."""
        self._sources = [Source.resume(x.file, x.saved, x.start, now) for x in found]
        self.last_stream = saved.last_stream
        self._predecessor = self._sources[-1].stream if self._sources else None
        there = {x.saved.stream for x in found}
        self._past = [
            *saved.past,
            *(PastFile.of(x.known) for x in saved.files if x.stream not in there),
        ]

    def lag(self) -> int:
        """Return how many bytes are there and not yet read."""
        return sum(x.lag() for x in self._sources)

    def drop(self, source: Source) -> Ended | None:
        """Forget a stream whose bytes are gone."""
        source.close()
        self._sources.remove(source)
        self._past.append(source.past())
        return None if source.ended else Ended(source.stream, source.replaying)

    def knows(self, path: str, identity: FileId) -> bool:
        """Tell whether a file is, or was, read here; a closed one's inode may be another's now."""
        if any(x.file and x.id == identity for x in self._sources):
            return True
        closed = [x.past() for x in self._sources if x.id == identity]
        known = [x for x in (*self._past, *closed) if x.file == identity]
        if begins_with(path, [x.head for x in known]):
            return True
        return any(x.offset for x in known) and is_no_text(path)

    def read(self, now: float, room: int) -> tuple[list[Chunk | Ended], bool]:
        """Read every stream on, oldest first, by about `room` bytes; tell whether that cut it."""
        events: list[Chunk | Ended] = []
        for source in list(self._sources):
            try:
                for chunk in self._drain(source, now, room):
                    events.append(chunk)
                    room -= len(chunk.data)
                if room <= 0:
                    return events, True
                replay = source.replaying or source.grown_at == 0.0
                if self._settle(source, now):
                    events.append(Ended(source.stream, replay))
            except OSError as error:
                self.fail(source, error)
        events += self._prune()
        return events, False

    def fail(self, source: Source, error: OSError) -> None:
        """Close a file that cannot be read; it is opened again later."""
        source.close()
        self.failure = f"{source.path}: {error.strerror or error}"

    def run_started(self, stream: int, offset: int, before: Before) -> None:
        """Note where a stream's run began: it is re-read from there."""
        for source in self._sources:
            if source.stream == stream:
                source.run_start, source.before = offset, before

    def close(self) -> None:
        """Close every file."""
        for source in self._sources:
            source.close()

    def _drain(self, source: Source, now: float, room: int) -> Iterator[Chunk]:
        # Where there is only one, no line of it can have come before a rotation seen meanwhile.
        is_alone = len(self._sources) == 1
        change = (source.take_change() if is_alone else None) or source.check()
        while room > 0 and change is Change.GROWN:
            if source.ended:
                self._revive(source)
            chunk = source.take(CHUNK_SIZE, now)
            if chunk is None:
                return
            room -= len(chunk.data)
            yield chunk
            change = source.check()

    def bring_back(self, source: Source) -> None:
        """Make a file that is at the log's path the current one."""
        self._sources.remove(source)
        self._sources.append(source)
        self._predecessor = source.stream

    def _revive(self, source: Source) -> None:
        self.last_stream += 1
        source.revive(self.last_stream)
        if source is self.current:
            self._predecessor = source.stream

    def _settle(self, source: Source, now: float) -> bool:
        """Park or close a file that is silent; tell whether its stream ends just now."""
        file = source.file
        if file is None:
            return self._ends(source, now)
        quiet = now - source.grown_at
        if source.was_deleted:
            source.deleted_at = source.deleted_at or now
            if now - max(source.grown_at, source.deleted_at) < DELETED_PATIENCE:
                return self._ends(source, now)
            source.close()
            return _end(source) if source is self.current else self.drop(source) is not None
        if file.is_one_too_many or (quiet >= PARK_AFTER and source is not self.current):
            source.park()
        return self._ends(source, now)

    def _ends(self, source: Source, now: float) -> bool:
        """Tell whether a stream is over, for all that can be seen."""
        if source.ended or not self._is_followed(source):
            return False
        quiet = now - source.grown_at
        if quiet >= RETIRED_PATIENCE:
            return _end(source)
        if not source.fragment or now - max(source.grown_at, source.held_at) < FRAGMENT_PATIENCE:
            return False
        if quiet < WRITER_PATIENCE and is_being_written(source.id):
            source.held_at = now
            return False
        return _end(source)

    def _is_followed(self, source: Source) -> bool:
        later = self._sources[self._sources.index(source) + 1 :]
        return any(x.offset or x.lag() for x in later)

    def _prune(self) -> list[Chunk | Ended]:
        """Be done with the oldest files once there are too many."""
        ends = []
        for source in self._sources[:-MAX_FILES]:
            ended = self.drop(source)
            if ended is not None:
                ends.append(ended)
        self._past = self._past[-MAX_PAST:]
        return [*ends]


def _end(source: Source) -> bool:
    begins_to_end = not source.ended
    source.end()
    return begins_to_end
