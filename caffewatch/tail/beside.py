"""The files beside a log: rotations that nobody has read as yet, copies, and what is neither."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import chain

from caffewatch.tail.identity import SAMPLE_SIZE, Digest, FileId
from caffewatch.tail.position import PastFile
from caffewatch.tail.reader import OpenFile, begins_with, if_there, is_empty, resolved
from caffewatch.tail.siblings import files_beside, identities, rotated_name, siblings
from caffewatch.tail.source import Source
from caffewatch.tail.streams import Streams

MAX_OVERWRITTEN = 8
"""Overwritten files that are held open until they are deleted."""
PASSES = 5
"""How often what lies beside a log is gone through while files are being renamed."""


class Beside:
    """Find what was rotated away between two looks, and read it before what comes after.

    Parameters
    ----------
    streams
        The files of the log that are read.
    is_foreign
        Tells whether a path is followed as another log, and so no rotation of this one.

    Attributes
    ----------
    target
        Where the log's path led at the last look, if it is a link; the path itself else.
    """

    def __init__(self, path: str, streams: Streams, is_foreign: Callable[[str], bool]) -> None:
        self.target = path
        self._streams = streams
        self._is_foreign = is_foreign
        self._known: tuple[PastFile, ...] | None = None
        self._overwritten: list[OpenFile] = []

    @property
    def known(self) -> tuple[PastFile, ...]:
        """Files that are not to be read."""
        return (*(self._known or ()), *(past for x in self._overwritten for past in _past(x)))

    def resume(self, known: tuple[PastFile, ...], target: str) -> None:
        """Go on with what an earlier process knew."""
        self._known, self.target = known, target

    def aim(self, path: str) -> None:
        """Note where the log's path leads by now."""
        target = path
        with if_there:
            if stat.S_ISLNK(os.lstat(path).st_mode):
                target = resolved(path)
        self.target = target

    def first_sight(self, path: str) -> None:
        """Leave alone what lies beside the log when it is looked at for the first time."""
        if self._known is None:
            self._known = files_beside(path)

    def unseen(self, path: str, places: Iterable[str], current: FileId) -> list[str]:
        """List the files that nobody has seen as yet, oldest first.

        Parameters
        ----------
        path
            The log's path.
        places
            Where else the log's file was.
        current
            The file behind the path, or that was there last.
        """
        near = self._identities(path, places)
        return [x for x, id in near if id != current and not self._is_known(x, id)]

    def take_in(
        self, path: str, places: Iterable[str], current: FileId | None, now: float,
        successor: OpenFile | None = None,
    ) -> None:  # fmt: skip
        """Begin to read what nobody has seen, and know everything else from now on.

        Parameters
        ----------
        successor
            The file that is to be read next, None while nothing has come to the path.
        """
        before = self.known
        for _ in range(PASSES):
            # What comes after this listing is for the next time.
            listed = before if successor is None else files_beside(path, successor.path)
            settled = self._pass(path, places, current, now, successor)
            self._known = before
            if successor is None:
                return
            # A file that was renamed meanwhile may have been met under no name; and if the disk
            # fails before the current one is read, it is to be met again.
            self._known = before = tuple(
                x for x in listed if x.file in settled and x.file != current
            )
            if all(x.file in settled for x in listed):
                return

    def is_copied_unread(self, source: Source, path: str) -> bool:
        """Tell whether lines came to the log and were copied away before any was read.

        Of an empty file nothing is known that could disagree; only the new copy betrays it. A file
        that has lost the log's name was renamed, not copied.
        """
        if source.file is None or not source.touched:
            return False
        source.is_doubtful = True  # until the disk has told; by then it may have been read
        if [x for _, x in identities([path])] != [source.id]:
            return False
        unseen = self.unseen(path, [source.path], source.id)
        is_copied = not all(_share_beginning(name, source.file) for name in unseen)
        source.touched = source.is_doubtful = False
        return is_copied

    def note_copies(self, source: Source, path: str) -> None:
        """Know the copies of what was read from a file that is about to be given up."""
        for name in self.unseen(path, [source.path], source.id):
            with if_there, OpenFile.open(name) as file:
                if file.size <= source.offset and source.is_copied_in(file):
                    self._note(file)

    def set_aside(self, file: OpenFile, read: int) -> None:
        """Be done with a rotated file in which other bytes are now than were read.

        One that is no shorter was overwritten in place, as by ``shred``, and is held open until it
        is deleted: so long its inode tells that nothing in it is the log's.
        """
        self._overwritten.append(file)
        over = [x for x in self._overwritten if x.is_deleted or (x is file and x.size < read)]
        for old in over or self._overwritten[:-MAX_OVERWRITTEN]:
            self._overwritten.remove(old)
            self._known = (*(self._known or ()), *_past(old))
            old.close()

    def close(self) -> None:
        """Close every file that is held."""
        for file in self._overwritten:
            file.close()

    def is_read(self, file: OpenFile, source: Source) -> bool:
        """Tell whether what is in a file is read as another one than this source."""
        others = (x for x in self._streams if x is not source)
        return self._is_past(file) or any(
            x.is_copied_in(file) or x.lives_on_in(file) for x in others
        )

    def _is_copy(self, file: OpenFile) -> bool:
        """Tell whether all of a file was read elsewhere, or will be."""
        if any(x.is_copied_in(file) and not x.lives_on_in(file) for x in self._streams):
            return True
        return self._is_past(file)

    def _is_past(self, file: OpenFile) -> bool:
        return 0 < file.size <= self._streams.past_offset(file)

    def _identities(self, path: str, places: Iterable[str]) -> list[tuple[str, FileId]]:
        """Pair the names of all files beside the log, or beside other places, with their files."""
        own = path, resolved(path)
        near = dict.fromkeys((*own, *places, self.target))
        names = dict.fromkeys(chain.from_iterable((*siblings(x), x) for x in near))
        return identities(name for name in names if name not in own)

    def _pass(
        self, path: str, places: Iterable[str], current: FileId | None, now: float,
        next_one: OpenFile | None,
    ) -> set[FileId]:  # fmt: skip
        """Take in what nobody has seen; return the files of which is known what they are."""
        near = self._identities(path, places)
        known = {id for name, id in near if id == current or self._is_known(name, id)}
        names = [name for name, id in near if id not in known]
        beginnings = {name: _first_line(name) for name in names}
        settled = known
        for name in names:
            alike = [x for x in names if x != name and beginnings[x] == beginnings[name]]
            with if_there:
                settled.add(self._take_in(name, [*alike, path], next_one, now))
        return settled

    def _take_in(
        self, name: str, alike: list[str], next_one: OpenFile | None, now: float
    ) -> FileId:  # fmt: skip
        file = OpenFile.open(name)
        id = file.id
        try:
            source = next((x for x in self._streams if x.lives_on_in(file)), None)
            is_next = next_one is not None and next_one.holds(file)
            if self._streams.knows(name, id):
                pass  # it has got this name only just now
            elif is_next or self._is_copy(file) or any(_is_in(file, x) for x in alike):
                self._note(file)
            elif source is not None:
                source.attach(file)
                return id
            elif file.size or {name, rotated_name(name)} & {self.target, alike[-1]}:
                self._streams.add(file, 0, now)
                return id
        except OSError:
            file.close()
            raise
        file.close()
        return id

    def _is_known(self, name: str, identity: FileId) -> bool:
        if any(x.id == identity for x in self._overwritten):
            return True
        if self._streams.knows(name, identity) or self._is_foreign(name):
            return True
        beside = [x.head for x in self.known if x.file == identity]
        # An empty file is known by its inode alone, which another one may have got with content.
        return begins_with(name, beside) or (not all(x.length for x in beside) and is_empty(name))

    def _note(self, file: OpenFile) -> None:
        self._known = (*(self._known or ()), *_past(file))


def _past(file: OpenFile) -> list[PastFile]:
    """Return what tells a file as it is now, nothing where the disk does not tell."""
    with suppress(OSError):
        return [PastFile(file.id, Digest.of(file.read(0, SAMPLE_SIZE)))]
    return []


def _share_beginning(name: str, file: OpenFile) -> bool:
    """Tell whether the shorter of two files is all in the other one."""
    with if_there, OpenFile.open(name) as other:
        return file.holds(other) or other.holds(file)
    return False


def _is_in(file: OpenFile, name: str) -> bool:
    """Tell whether another file is longer, or as long and first by name, and begins with it all."""
    with if_there, OpenFile.open(name) as other:
        if other.id != file.id and other.holds(file):
            return (other.size, file.path) > (file.size, other.path)
    return False


def _first_line(name: str) -> bytes:
    with if_there, OpenFile.open(name) as file:
        head = file.read(0, SAMPLE_SIZE)
        return head[: head.find(b"\n") + 1] or head
    return b""
