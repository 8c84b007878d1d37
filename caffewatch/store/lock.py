"""One daemon per state folder."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from caffewatch.store.errors import StoreLockedError


class StateLock:
    """An exclusive lock on a file; the kernel gives it back when the process ends in any way.

    Raises
    ------
    StoreLockedError
        Another process holds it.
    OSError
        The file is not there and cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = _open(path)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise StoreLockedError(
                f"{path.parent} is in use by another caffewatch (process {owner or 'unknown'}); "
                "end that one, or give this one its own state_dir"
            ) from None
        # Only for the message above: a disk without room for it is no reason to give up.
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def holds(self) -> bool:
        """Tell whether the file that is locked is still the one that others would try to lock."""
        try:
            there = os.stat(self._path)
        except OSError:
            return False
        return os.path.samestat(there, os.fstat(self._descriptor))

    def release(self) -> None:
        """Let another process have the folder; once."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        # A lock needs no right to write, so a read-only disk can still be owned.
        with suppress(OSError):
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        raise error
