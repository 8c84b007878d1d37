"""One open file, read at given offsets: all that tailing asks of the operating system."""

from __future__ import annotations

import errno
import os
import resource
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from caffewatch.tail.identity import SAMPLE_SIZE, Digest, FileId, Seen

BLOCK_SIZE = 64 * 1024
ABSENT = {
    errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EACCES, errno.EPERM,
    errno.EINVAL,
}  # fmt: skip
"""What the system says of files that are not there, not ours to read, or no regular files."""
ODD_SHARE = 0.1
"""Share of characters that cannot be shown from which on bytes are no text."""
RESERVED = 128
"""Descriptors left to the state, to receivers and to HTTP clients."""


def raise_descriptor_limit() -> None:
    """Take as many descriptors as the system grants: a log that is followed holds one or more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def status(path: str) -> os.stat_result:
    """Return the stat of a path, also through a link that the kernel does not follow for us.

    With ``fs.protected_symlinks`` a stranger's link in a sticky folder, such as glog's in /tmp,
    may be read but not followed.

    Raises
    ------
    OSError
        There is no such file, or it may not be looked at.
    """
    try:
        return os.stat(path)
    except PermissionError:
        return os.stat(resolved(path))


class IfThere:
    """Leaves its block where a file cannot be read, for as long as that is sure.

    Raises
    ------
    OSError
        The system failed to tell, as with a stale handle: it may be there, at the next look.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        return isinstance(error, OSError) and error.errno in ABSENT


if_there = IfThere()


def resolved(path: str) -> str:
    """Return where a path leads, through all links.

    Raises
    ------
    OSError
        The system failed to tell.
    """
    with if_there:
        return os.path.realpath(path, strict=True)
    return os.path.realpath(path)


def file_id(status: os.stat_result) -> FileId:
    """Return the identity that a stat shows."""
    return FileId(status.st_dev, status.st_ino)


@dataclass(slots=True, eq=False)
class OpenFile:
    """A regular file, kept open, so that it can be read on after it has lost its name."""

    path: str
    descriptor: int
    id: FileId

    @classmethod
    def open(cls, path: str) -> OpenFile:
        """Open for reading.

        Raises
        ------
        OSError
            The file is not there, may not be read, or is no regular file.
        """
        target = resolved(path)  # see `status`
        # Without O_NONBLOCK, opening a pipe would wait for its writer.
        descriptor = os.open(target, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "not a regular file", path)
        except OSError:
            os.close(descriptor)
            raise
        return cls(target, descriptor, file_id(status))

    @property
    def is_one_too_many(self) -> bool:
        """Whether so many files are open that this one should be closed while it is idle.

        The kernel gives out the lowest free number, so the number tells how many are taken.
        """
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return self.descriptor >= max(soft - RESERVED, soft // 2)

    @property
    def size(self) -> int:
        """The file's length in bytes, as it is now."""
        return self.status().st_size

    @property
    def is_deleted(self) -> bool:
        """Whether the file has no name any more."""
        return self.status().st_nlink == 0

    def whereabouts(self) -> str | None:
        """Return the name that the file has by now, None where the system does not tell."""
        with suppress(OSError):
            name = os.readlink(f"/proc/self/fd/{self.descriptor}")
            if file_id(os.stat(name)) == self.id:
                return name
        return None

    def status(self) -> os.stat_result:
        """Return the file's stat."""
        return os.fstat(self.descriptor)

    def read(self, offset: int, size: int) -> bytes:
        """Read at most so many bytes from the offset."""
        try:
            return os.pread(self.descriptor, size, offset)
        except OSError as error:
            error.filename = self.path
            raise

    def seen(self, offset: int) -> Seen:
        """Return what the file shows of itself, to be compared with what was read up to offset."""
        length = min(SAMPLE_SIZE, offset)
        return Seen(
            self.id,
            self.size,
            self.read(0, SAMPLE_SIZE),
            self.read(offset - length, length),
        )

    def holds(self, other: OpenFile) -> bool:
        """Tell whether this file begins with all the lines of another, as far as samples show."""
        end = other.last_line_end()
        mine, theirs = self.seen(end), other.seen(end)
        head = theirs.head[:end]
        return end > 0 and mine.head.startswith(head) and mine.tail == theirs.tail

    def last_line_end(self) -> int:
        r"""Return the offset after the last ``\n``, 0 when there is none."""
        end = self.size
        while end:
            start = max(0, end - BLOCK_SIZE)
            found = self.read(start, end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
        return 0

    def close(self) -> None:
        """Close the descriptor, once."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):  # a file only read has nothing to lose by it
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def begins_with(path: str, heads: Iterable[Digest]) -> bool:
    """Tell whether a file can be read, and begins with one of these, which are not empty."""
    telling = [x for x in heads if x.length]
    if not telling:
        return False
    with if_there, OpenFile.open(path) as file:
        head = file.read(0, SAMPLE_SIZE)
        return any(x.matches(head) for x in telling)
    return False


def is_no_text(path: str) -> bool:
    """Tell whether a file begins with what no program logs: it was shredded, say."""
    with if_there, OpenFile.open(path) as file:
        head = file.read(0, SAMPLE_SIZE).decode("utf-8", "replace")
        odd = sum(not (x.isprintable() or x.isspace()) or x == "\ufffd" for x in head)
        return odd > len(head) * ODD_SHARE or (len(head) > 1 and len(set(head)) == 1)
    return False


def is_empty(path: str) -> bool:
    """Tell whether a file can be looked at, and has nothing in it."""
    with if_there:
        return status(path).st_size == 0
    return False
