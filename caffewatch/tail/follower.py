"""A log, followed: one path, whatever files come and go behind it."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from caffewatch.tail.beside import Beside
from caffewatch.tail.events import NOTHING, Before, Condition, Ended, Look
from caffewatch.tail.identity import Change, FileId, decide
from caffewatch.tail.parking import seek, unpark
from caffewatch.tail.position import Position
from caffewatch.tail.reader import OpenFile, begins_with, file_id, resolved, status
from caffewatch.tail.resume import Resumption, find_again
from caffewatch.tail.siblings import find, neighbours
from caffewatch.tail.source import Source
from caffewatch.tail.streams import Streams

LOOK_SIZE = 1024 * 1024
"""Bytes read by one look, so that one log catching up does not starve the others."""


class LogFollower:
    """Delivers a log's bytes in order, each once, across rotations and restarts.

    Not thread-safe: one thread looks, and asks for the position of what it was given.

    Parameters
    ----------
    path
        The log: a file, or a link to one, that need not exist yet.
    saved
        The position that an earlier process saved, None at the very first start.
    start_at
        Where to begin in a file that is there at the very first look.
    rewind
        Deliver the current run's bytes before the saved position again, as replays.
    is_foreign
        Tells whether a path is followed as another log, and so no rotation of this one.
    """

    def __init__(
        self,
        path: str,
        saved: Position | None = None,
        *,
        start_at: Literal["beginning", "end"] = "beginning",
        rewind: bool = False,
        is_foreign: Callable[[str], bool] = lambda path: False,
    ) -> None:
        self.path = path if saved is None or saved.moved_to is None else saved.moved_to
        self._home = path
        self._saved = saved
        self._start_at = start_at
        self._resumption = Resumption(rewind, {})
        self._streams = Streams()
        self._beside = Beside(path, self._streams, is_foreign)
        self._first = True
        self._still = Look((), False, "missing", None, (), 0, 0)
        self._ends: list[Ended] = []
        self._changes: list[Change] = []

    def look(self, now: float) -> Look:
        """Take in what is new; never raises for anything that the file system does.

        Parameters
        ----------
        now
            Seconds since the epoch; decides only how long a rotated file stays open.
        """
        if self._is_still():
            return self._still
        self._ends, self._changes = [], []
        self._streams.failure = None
        condition, error = self._look_at_path(now)
        events, more = self._streams.read(now, LOOK_SIZE)
        if self._streams.failure:
            condition, error = "unreadable", self._streams.failure
        offset = self._streams.current.offset if self._streams.current else 0
        self._still = Look((), False, condition, error, (), offset, self._streams.lag())
        brought, changes = (*self._ends, *events), tuple(self._changes)
        patience = self._streams.patience
        return replace(self._still, events=brought, more=more, changes=changes, patience=patience)

    def _is_still(self) -> bool:
        """Tell by one question that nothing has come since all was read: as mostly."""
        source, is_link = self._streams.alone, self._beside.target != self.path
        if source is None or is_link or self._still.condition != "readable":
            return False
        with suppress(OSError):
            return source.is_as_read(status(self.path))
        return False

    def position(self, untaken: Container[int] = ()) -> Position:
        """Return what to save once all that was delivered has been taken in.

        Parameters
        ----------
        untaken
            Streams of which nothing was taken in as yet.
        """
        if self._saved is not None:
            return self._saved
        files = tuple(x.position(taken=x.stream not in untaken) for x in self._streams)
        moved_to = None if self.path == self._home else self.path
        target = self._beside.target if self._beside.target != self.path else None
        beside, past = self._beside.known, self._streams.past
        return Position(files, beside, past, moved_to, target, self._streams.last_stream)

    def offsets(self) -> dict[int, int] | None:
        """Return how far each stream was read; None while one stands in the middle of a line."""
        if self._saved is not None or any(x.fragment for x in self._streams):
            return None
        return {x.stream: x.offset for x in self._streams}

    def run_started(self, stream: int, offset: int, before: Before = NOTHING) -> None:
        """Note the offset of the line where a stream's current run began, to re-read it later."""
        self._streams.run_started(stream, offset, before)

    def knows(self, path: str, identity: FileId) -> bool:
        """Tell whether the file at a path is one that this log was or is written to."""
        if self._saved is None:
            return self._streams.knows(path, identity)
        files = [(x.known.file, x.known.head) for x in self._saved.files]
        past = [(x.file, x.head) for x in self._saved.past]
        return begins_with(path, [head for file, head in (*files, *past) if file == identity])

    def hold(self, offsets: Mapping[int, int]) -> None:
        """Say what need not be delivered again, before the first look.

        Parameters
        ----------
        offsets
            Stream -> offset that was taken in. Where the run is to be rewound, only what lies
            between this and the saved position is replayed.
        """
        self._resumption = replace(self._resumption, held=offsets)

    def move_to(self, path: str) -> None:
        """Follow the log on at another path: the process that writes it has begun a new file."""
        self.path = path

    def close(self) -> None:
        """Close every file."""
        self._streams.close()
        self._beside.close()

    def _look_at_path(self, now: float) -> tuple[Condition, str | None]:
        try:
            if self._saved is not None:
                self._resume(self._saved, now)
            self._unpark(now)
            # First what happened within the known files: a truncated one may be renamed by now.
            self._check_contents(now)
            self._beside.first_sight(self.path)
            try:
                self._follow_path(now)
            except (FileNotFoundError, NotADirectoryError):
                self._lose_path(now)
                raise
        except (FileNotFoundError, NotADirectoryError):
            self._first = False
            return "missing", f"{self.path}: no such file"
        except OSError as error:
            return "unreadable", f"{error.filename or self.path}: {error.strerror or error}"
        return "readable", None

    def _lose_path(self, now: float) -> None:
        current = self._streams.current
        if current is not None:
            seek(current)
            id = current.id if current.file else None  # else it may be written anew
            self._beside.take_in(self.path, [current.path], id, now)
            self._beside.aim(self.path)

    def _follow_path(self, now: float) -> None:
        current = self._streams.current
        is_at_path = current is not None and file_id(status(self.path)) == current.id
        if current is not None and is_at_path and (current.file or current.parked):
            self._resolve_doubt(current, now)
            self._beside.aim(self.path)
            return
        file = OpenFile.open(self.path)
        try:
            if current is None:
                self._begin(file, now)
            else:
                self._compare(current, file, now)
        except OSError:
            file.close()
            raise
        self._beside.aim(self.path)

    def _resume(self, saved: Position, now: float) -> None:
        """Take the saved files up again; wait while they cannot be found."""
        self._streams.resume(find_again(saved, self.path, self._resumption), saved, now)
        self._beside.resume(saved.beside, saved.target or self.path)
        self._first, self._saved = False, None

    def _unpark(self, now: float) -> None:
        for source in unpark(self._streams, self.path, now, self._beside.is_read):
            self._drop(source)

    def _begin(self, file: OpenFile, now: float) -> None:
        if self._first:
            offset = file.last_line_end() if self._start_at == "end" else 0
            self._streams.add(file, offset, now)
        else:
            self._succeed(file, [], now)
        self._first = False

    def _compare(self, current: Source, file: OpenFile, now: float) -> None:
        """Tell whether the file now behind the path goes on with what was read before."""
        known, near = current.known_before, [current.path]
        change = decide(known, file.seen(known.offset))
        if change is Change.ROTATED and current.is_unread_in(file):
            change = Change.REPLACED
        if change in (Change.SAME, Change.GROWN, Change.REPLACED):
            current.attach(file)
            self._resolve_doubt(current, now)
        else:
            if current.file is None:
                self._recover(current)
            self._succeed(file, near, now)
        if change not in (Change.SAME, Change.GROWN):
            self._changes.append(change)

    def _resolve_doubt(self, current: Source, now: float) -> None:
        """Read what came and went unseen before a file that was opened anew.

        One of which no line was read is known by its inode alone, which others may have had since;
        and what was in it may have been copied away.
        """
        if current.is_doubtful and current.file is not None:
            near = [current.path]
            self._beside.take_in(self.path, near, current.id, now, successor=current.file)
            self._streams.bring_back(current)
            current.is_doubtful = False

    def _check_contents(self, now: float) -> None:
        for source in list(self._streams):
            try:
                if source.check() is Change.TRUNCATED or self._is_copied_unread(source):
                    self._truncated(source, now)
            except OSError as error:
                self._streams.fail(source, error)

    def _is_copied_unread(self, source: Source) -> bool:
        is_unread = source is self._streams.current and not (source.replaying or source.offset)
        return is_unread and self._beside.is_copied_unread(source, self.path)

    def _truncated(self, source: Source, now: float) -> None:
        is_current, near = source is self._streams.current, [source.path]
        self._beside.note_copies(source, self.path)
        file = source.detach()
        try:
            self._recover(source)
            if file and is_current:
                self._succeed(file, near, now)
        except OSError:
            if file and source in self._streams and source.file is None:
                source.attach(file)  # as before, so that the next look tries it again
            elif file:
                file.close()
            raise
        if file and not is_current:
            self._beside.set_aside(file, source.known_before.offset)
        self._changes.append(Change.TRUNCATED)

    def _recover(self, source: Source) -> None:
        """Read a file that lost its place on from where it was moved or copied to, if it was.

        Of a file of which nothing was read there is only an inode, which a stranger may have got.
        """
        known = source.known_before
        taken = [x.id for x in self._streams if x.file and x is not source]
        places = source.path, self.path, self._beside.target, resolved(self.path)
        near = dict.fromkeys(name for place in places for name in neighbours(place))
        file = find(known, near, taken) if known.offset else None
        if file is not None:
            source.attach(file)
        else:
            self._drop(source)

    def _drop(self, source: Source) -> None:
        ended = self._streams.drop(source)
        if ended is not None:
            self._ends.append(ended)

    def _succeed(self, file: OpenFile, near: list[str], now: float) -> None:
        """Read whole files that were rotated away between two looks, then the one at the path."""
        self._beside.take_in(self.path, near, file.id, now, successor=file)
        if any(x.replaces(file) for x in self._streams):
            file.close()
        else:
            self._streams.add(file, 0, now)
