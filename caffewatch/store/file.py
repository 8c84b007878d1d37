"""The SQLite file in its folder: locked, opened, and watched for what others do to it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from caffewatch.store.damage import COMPANIONS, check, salvage, set_aside
from caffewatch.store.errors import StoreError, StoreLostError, told_apart
from caffewatch.store.lock import StateLock
from caffewatch.store.schema import migrate, new_memory
from caffewatch.store.transaction import Operation, T, transact

FILE_NAME = "caffewatch.sqlite"
LOCK_NAME = "caffewatch.lock"

BUSY_TIMEOUT = 0.25
"""Seconds to wait for another process that writes: what holds up a commit holds up the logs."""


class _Stat(NamedTuple):
    identities: tuple[tuple[int, int] | None, ...]
    size: int
    changed: int


class StateFile:
    """One connection to the file, for one thread at a time. Every method raises `StoreError`.

    Parameters
    ----------
    folder
        Made when missing, for this user only.
    exclusive
        Own the folder.
    factory
        What connections are made of.
    """

    def __init__(
        self, folder: Path, exclusive: bool, factory: type[sqlite3.Connection] = sqlite3.Connection
    ) -> None:
        self.path = folder / FILE_NAME
        self.exclusive = exclusive
        self._factory = factory
        self._lock: StateLock | None = None
        self._connection: sqlite3.Connection | None = None
        self._stat = _Stat((), 0, 0)
        self._version = 0

    def open(self, thorough: bool = False) -> None:
        """Own the folder, connect, and bring the tables up to date.

        Parameters
        ----------
        thorough
            Look every page through for damage.
        """
        with told_apart(self.path):
            self._own()
            self._connection = connection = self._connect()
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            # With a WAL, NORMAL loses nothing when the process is killed. After a power cut the
            # last transactions may be missing, but whole: positions, alerts and letters go back
            # together, and the log is read again from there. FULL would sync at every commit.
            connection.execute("PRAGMA synchronous = NORMAL")
            if thorough:
                check(connection)
            migrate(connection, self.path)
            self._version = _data_version(connection)
            self._stat = self._look()

    def write(self, operation: Operation[T]) -> T:
        """Run an operation as one transaction; when its COMMIT fails, it may still be written."""
        with told_apart(self.path):
            result = transact(self._examined(), operation)
            self._stat = self._look()._replace(identities=self._stat.identities)
            return result

    def read(self, operation: Operation[T]) -> T:
        """Run an operation that changes nothing."""
        with told_apart(self.path):
            return transact(self._examined(), operation, "BEGIN")

    def is_changed(self, connection: sqlite3.Connection) -> bool:
        """Tell, within a transaction, whether another process has written since the last one."""
        before, self._version = self._version, _data_version(connection)
        return before != self._version

    def salvage(self) -> sqlite3.Connection:
        """Copy what is there, though it cannot be written, into memory."""
        with told_apart(self.path):
            there = self.path.exists()
        if not there:
            return new_memory()
        try:
            with told_apart(self.path):
                return salvage(self.path, self._factory)
        except StoreLostError:
            raise
        except StoreError as error:
            raise StoreError(
                f"{error}; it says what people were told of, so it must be readable, "
                "or be moved away to begin anew"
            ) from error

    def set_aside(self) -> Path | None:
        """Move what is there out of the way; return where to, None if nothing is there."""
        self.disconnect()
        with told_apart(self.path):
            return set_aside(self.path)

    def disconnect(self) -> None:
        """Close the file; the folder stays owned."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Close the file and give the folder up."""
        self.disconnect()
        self._release()

    def _own(self) -> None:
        folder = self.path.parent
        with told_apart(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.exclusive and (self._lock is None or not self._lock.holds()):
                self._release()
                self._lock = StateLock(folder / LOCK_NAME)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _connect(self) -> sqlite3.Connection:
        # check_same_thread: its owner sees to it that one thread at a time uses it.
        return sqlite3.connect(
            self.path,
            timeout=BUSY_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
            factory=self._factory,
        )

    def _examined(self) -> sqlite3.Connection:
        """Return the connection, if it is still to the file that others see under its name.

        The file is never opened here but through SQLite: closing it would drop SQLite's locks.
        """
        if self._connection is None:
            raise StoreError(f"{self.path}: closed")
        now = self._look()
        if now.identities != self._stat.identities:
            raise StoreLostError(f"{self.path}: removed or replaced by somebody")
        if now.size < self._stat.size:
            raise StoreLostError(f"{self.path}: cut short by somebody")
        if now.changed != self._stat.changed:
            with closing(self._connect()) as fresh:
                check(fresh)
            self._stat = now
        self._own()
        return self._connection

    def _look(self) -> _Stat:
        found = [_stat(f"{self.path}{ending}") for ending in COMPANIONS]
        main = found[0]
        identities = tuple(x and (x.st_dev, x.st_ino) for x in found)
        return _Stat(identities, main.st_size if main else 0, main.st_mtime_ns if main else 0)


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _data_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
