"""Disks that fail when a test says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

FULL = sqlite3.SQLITE_FULL
IO_ERROR = sqlite3.SQLITE_IOERR
READ_ONLY = sqlite3.SQLITE_READONLY
BUSY = sqlite3.SQLITE_BUSY
CORRUPT = sqlite3.SQLITE_CORRUPT

_WRITING = ("BEGIN IMMEDIATE", "INSERT", "UPDATE", "DELETE", "COMMIT", "PRAGMA journal_mode")


class FailingDisk(sqlite3.Connection):
    """A connection that fails as its class says; `failing_disk` makes a class of its own.

    Attributes
    ----------
    failure
        SQLite's code of the error that writing meets, None while the disk is sound.
    reads
        Whether reading meets it too.
    spared
        Statements that succeed before the failure begins.
    commits
        Whether a COMMIT that fails has been written all the same.
    """

    failure: ClassVar[int | None] = None
    reads: ClassVar[bool] = False
    spared: ClassVar[int] = 0
    commits: ClassVar[bool] = False
    _is_reading = False

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        """Execute, or fail."""
        if sql.startswith("BEGIN"):
            self._is_reading = sql == "BEGIN"
        self._meet(sql)
        return super().execute(sql, *parameters)

    def executemany(self, sql: str, parameters: Iterable[Any]) -> sqlite3.Cursor:
        """Execute, or fail."""
        self._meet(sql)
        return super().executemany(sql, parameters)

    def _meet(self, sql: str) -> None:
        kind = type(self)
        is_writing = sql.startswith(_WRITING) and not self._is_reading
        if kind.failure is None or not (kind.reads or is_writing):
            return
        if kind.spared > 0:
            kind.spared -= 1
            return
        if kind.commits and sql == "COMMIT":
            super().execute(sql)
        known = sqlite3.DatabaseError if kind.failure == CORRUPT else sqlite3.OperationalError
        error = known(f"injected error {kind.failure}")
        error.sqlite_errorcode = kind.failure
        raise error


def failing_disk() -> type[FailingDisk]:
    """Make a disk that is sound as yet, and that no other test uses."""
    return type("OneFailingDisk", (FailingDisk,), {})


def checkpoint(path: Path) -> None:
    """Bring all of a database into its main file, as a backup tool may."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
