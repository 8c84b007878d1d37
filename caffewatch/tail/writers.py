"""Whether somebody still holds a file open for writing, as far as this user may see."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from caffewatch.tail.identity import FileId
from caffewatch.tail.reader import file_id

_WRITES = os.O_WRONLY | os.O_RDWR


def is_being_written(file: FileId, proc: Path = Path("/proc")) -> bool:
    """Look through all processes' descriptors; those of other users mostly cannot be seen.

    Parameters
    ----------
    proc
        Where the kernel shows processes.
    """
    return any(_writes(descriptor, file) for descriptor in _descriptors(proc))


def _descriptors(proc: Path) -> Iterator[Path]:
    for process in _names(proc):
        if process.isdecimal():
            folder = proc / process / "fd"
            yield from (folder / name for name in _names(folder))


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # a process that has ended, or that is another user's
        return []


def _writes(descriptor: Path, file: FileId) -> bool:
    try:
        if file_id(os.stat(descriptor)) != file:
            return False
        info = (descriptor.parent.parent / "fdinfo" / descriptor.name).read_text("ascii")
        flags = next(x for x in info.splitlines() if x.startswith("flags:"))
        return bool(int(flags.split()[1], 8) & _WRITES)
    except (OSError, ValueError, StopIteration, IndexError):
        return False
