"""The files of one log that are being read: the one behind its path, and those rotated away."""

from __future__ import annotations

from collections.abc import Iterator

from caffewatch.tail.events import Chunk, Ended
from caffewatch.tail.identity import Change, Digest, FileId
from caffewatch.tail.position import FilePosition, PastFile, Position
from caffewatch.tail.reader import OpenFile
from caffewatch.tail.source import Source

CHUNK_SIZE = 256 * 1024
FRAGMENT_PATIENCE = 2.0
"""Seconds that a rotated file's last line may still get its end."""
RETIRED_PATIENCE = 3600.0
"""Seconds of silence after which a rotated file is closed: its writer may never reopen."""
DELETED_PATIENCE = 600.0
"""The same for a deleted file, whose disk space is free only once it is closed."""
MAX_RETIRED = 8
"""Rotated files, not counting empty ones, held open at the same time."""
MAX_FILES = 64
"""Files remembered to re-read one run."""
MAX_PAST = 256


class Streams:
    """Sources in the order of their files, oldest first; only the last one has a future."""

    def __init__(self) -> None:
        self._sources: list[Source] = []
        self._past: list[PastFile] = []
        self._last_stream = 0
        self._predecessor: int | None = None
        self.failure: str | None = None

    def __iter__(self) -> Iterator[Source]:
        return iter(self._sources)

    @property
    def current(self) -> Source | None:
        """The newest file: the one behind the path, or that was there last."""
        return self._sources[-1] if self._sources else None

    @property
    def past(self) -> tuple[PastFile, ...]:
        """Files that are done with."""
        return tuple(self._past)

    def add(self, file: OpenFile, offset: int, now: float) -> None:
        """Go on with a new file, or one that came back, once all before it are drained."""
        for source in self._sources:
            if source.file is not None and source.id == file.id:
                file.close()
                self._sources.remove(source)
                self._sources.append(source)
                self._predecessor = source.stream
                return
        self._last_stream += 1
        self._sources.append(Source(file, self._last_stream, self._predecessor, offset, now))
        self._predecessor = self._last_stream

    def resume(
        self,
        files: list[tuple[OpenFile, FilePosition]],
        saved: Position,
        rewind: bool,
        now: float,
    ) -> None:
        """Take up the streams of an earlier process that could be found again."""
        self._sources = [Source.resume(file, position, rewind, now) for file, position in files]
        self._last_stream = max((x.stream for x in saved.files), default=0)
        self._predecessor = self._sources[-1].stream if self._sources else None
        self._past = list(saved.past)

    def lag(self) -> int:
        """Return how many bytes are there and not yet read."""
        return sum(x.lag() for x in self._sources)

    def drop(self, source: Source) -> Ended | None:
        """Forget a stream whose bytes are gone."""
        source.close()
        self._sources.remove(source)
        return None if source.ended else Ended(source.stream)

    def knows(self, path: str, identity: FileId) -> bool:
        """Tell whether a file is, or was, read here; a closed one's inode may be another's now."""
        if any(x.file and x.id == identity for x in self._sources):
            return True
        closed = [x.past() for x in self._sources if x.file is None]
        past = [x.head for x in (*self._past, *closed) if x.file == identity and x.head.length]
        return bool(past) and _begins_with(path, past)

    def read(self, now: float, room: int) -> tuple[list[Chunk | Ended], bool]:
        """Read every stream on, oldest first, by at most `room` bytes; tell whether that cut it."""
        events: list[Chunk | Ended] = []
        for source in self._sources:
            try:
                for chunk in self._drain(source, now, room):
                    events.append(chunk)
                    room -= len(chunk.data)
                if room <= 0:
                    return events, True
                if self._settle(source, now):
                    events.append(Ended(source.stream))
            except OSError as error:
                self.fail(source, error)
        self._prune()
        return events, False

    def fail(self, source: Source, error: OSError) -> None:
        """Close a file that cannot be read; the one behind the path is opened again later."""
        source.close()
        self.failure = f"{source.path}: {error.strerror or error}"

    def run_started(self, stream: int, offset: int) -> None:
        """Note where a stream's run began: no file before it is needed to re-read that run."""
        for source in self._sources:
            if source.stream == stream:
                source.run_start = offset
        self._prune()

    def close(self) -> None:
        """Close every file."""
        for source in self._sources:
            source.close()

    def _drain(self, source: Source, now: float, room: int) -> Iterator[Chunk]:
        while room > 0 and source.check() is Change.GROWN:
            if source.ended:
                self._revive(source)
            chunk = source.take(min(CHUNK_SIZE, room), now)
            if chunk is None:
                return
            room -= len(chunk.data)
            yield chunk

    def _revive(self, source: Source) -> None:
        self._last_stream += 1
        source.continues, source.stream = source.stream, self._last_stream
        if source is self.current:
            self._predecessor = source.stream
        source.ended = False

    def _settle(self, source: Source, now: float) -> bool:
        """Close a file that has been silent for long; tell whether its stream ends just now."""
        if source.file is None and source is self.current:
            return False
        followed = self._is_followed(source)
        quiet, patience = now - source.grown_at, float("inf")
        if source.file is None or self._retired_after(source):
            patience = 0.0
        elif source.file.status().st_nlink == 0:
            patience = DELETED_PATIENCE
        elif followed:
            patience = RETIRED_PATIENCE
        over = quiet >= patience
        if over:
            source.close()
        ends = over or (followed and source.fragment and quiet >= FRAGMENT_PATIENCE)
        begins_to_end = ends and not source.ended
        source.ended = source.ended or ends
        return begins_to_end

    def _is_followed(self, source: Source) -> bool:
        later = self._sources[self._sources.index(source) + 1 :]
        return any(x.offset or x.lag() for x in later)

    def _retired_after(self, source: Source) -> bool:
        """Tell whether too many files were rotated away after this one to keep it open."""
        later = self._sources[self._sources.index(source) + 1 :]
        written = sum(1 for x in later if x.offset or x.lag())
        return written > MAX_RETIRED or len(later) > MAX_FILES

    def _prune(self) -> None:
        needed = self._needed()
        keep = [x for x in self._sources if x.stream in needed][-MAX_FILES:]
        for source in self._sources:
            if source not in keep:
                source.close()
                self._past.append(source.past())
        self._sources = keep
        self._past = self._past[-MAX_PAST:]

    def _needed(self) -> set[int]:
        """Return the streams being read, and those in which their runs began."""
        by_stream = {x.stream: x for x in self._sources}
        needed: set[int] = set()
        for source in self._sources:
            step: Source | None = source
            if source.file is None and source is not self.current:
                continue
            while step is not None and step.stream not in needed:
                needed.add(step.stream)
                before = step.continues if step.run_start is None else None
                step = by_stream.get(before) if before is not None else None
        return needed


def _begins_with(path: str, heads: list[Digest]) -> bool:
    try:
        with OpenFile.open(path) as file:
            seen = file.seen(0)
    except OSError:
        return False
    return any(x.matches(seen.head) for x in heads)
