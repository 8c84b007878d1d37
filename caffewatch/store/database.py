"""One SQLite file, a connection a thread; what is corrupt is set aside."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caffewatch.store.errors import StoreError
from caffewatch.store.schema import migrate

BUSY_TIMEOUT = 10.0
"""Seconds that a thread waits for another's transaction."""

_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class Database:
    """Gives every thread its connection, and transactions on it.

    Attributes
    ----------
    set_aside
        Where a corrupt file was moved at the start, None if there was none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.set_aside: Path | None = None
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        try:
            self._prepare()
        except (sqlite3.Error, OSError, ValueError) as error:
            self.close()
            raise StoreError(f"{path}: {error}") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do all or nothing.

        Raises
        ------
        StoreError
            SQLite could not: the disk is full, the file damaged …
        """
        try:
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error

    def query(self, sql: str, *parameters: object) -> list[sqlite3.Row]:
        """Read rows.

        Raises
        ------
        StoreError
            SQLite could not.
        """
        try:
            return self._connection().execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error

    def close(self) -> None:
        """Close every thread's connection; no thread may use the database any more."""
        with self._guard:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            self._local.connection = connection
        return connection

    def _connect(self) -> sqlite3.Connection:
        # check_same_thread: only so that the owner can close the connections of ended threads.
        connection = sqlite3.connect(
            self.path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        with self._guard:
            self._connections.append(connection)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        # With a WAL, NORMAL loses nothing when the process is killed. After a power cut the last
        # transactions may be missing, but whole: positions, alerts and letters go back together,
        # and the log is read again from there. FULL would sync the disk at every commit.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _prepare(self) -> None:
        try:
            self._check()
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _CORRUPT:
                raise
            self.close()
            self.set_aside = _set_aside(self.path)
            self._check()

    def _check(self) -> None:
        connection = self._connection()
        problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            error = sqlite3.DatabaseError(problem)
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error
        migrate(connection)


def _set_aside(path: Path) -> Path:
    number = 1
    while (target := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    path.rename(target)
    for ending in ("-wal", "-shm"):
        companion = path.with_name(path.name + ending)
        if companion.exists():
            companion.rename(target.with_name(target.name + ending))
    return target
