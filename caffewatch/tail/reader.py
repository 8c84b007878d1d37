"""One open file, read at given offsets: all that tailing asks of the operating system."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from caffewatch.tail.identity import SAMPLE_SIZE, FileId, Seen

BLOCK_SIZE = 64 * 1024


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
        # Without O_NONBLOCK, opening a pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "not a regular file", path)
        return cls(os.path.realpath(path), descriptor, file_id(status))

    def status(self) -> os.stat_result:
        """Return the file's stat."""
        return os.fstat(self.descriptor)

    def read(self, offset: int, size: int) -> bytes:
        """Read at most so many bytes from the offset."""
        return os.pread(self.descriptor, size, offset)

    def seen(self, offset: int) -> Seen:
        """Return what the file shows of itself, to be compared with what was read up to offset."""
        length = min(SAMPLE_SIZE, offset)
        return Seen(
            self.id,
            self.status().st_size,
            self.read(0, SAMPLE_SIZE),
            self.read(offset - length, length),
        )

    def last_line_end(self) -> int:
        r"""Return the offset after the last ``\n``, 0 when there is none."""
        end = self.status().st_size
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
            with contextlib.suppress(OSError):  # a file only read has nothing to lose by it
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
