"""What to do with a file that is damaged, or that can only be read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from caffewatch.store.schema import migrate, new_memory

COMPANIONS = ("", "-wal", "-shm")
"""Endings of the files that are one database."""

_READING = (("mode=rw", "EXCLUSIVE"), ("mode=ro", "NORMAL"), ("immutable=1", "NORMAL"))
"""Ways to read a file that cannot be opened as usual. The first does without shared memory, for
which a full disk has no room; the others are for a read-only disk after a crash, which has the
shared memory still, and after a clean end, when there is nothing beside the main file."""


def check(connection: sqlite3.Connection) -> None:
    """Look every page through.

    Raises
    ------
    sqlite3.DatabaseError
        The file is damaged.
    """
    problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        error = sqlite3.DatabaseError(problem)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def set_aside(path: Path) -> Path | None:
    """Move a database out of the way; return where to, None if there is none."""
    if not path.exists():
        target = None
    else:
        number = 1
        while (target := path.with_name(f"{path.name}.set-aside-{number}")).exists():
            number += 1
    for ending in COMPANIONS:
        part = path.with_name(path.name + ending)
        if target is None:
            part.unlink(missing_ok=True)
        elif part.exists():
            part.rename(target.with_name(target.name + ending))
    return target


def salvage(path: Path, factory: type[sqlite3.Connection]) -> sqlite3.Connection:
    """Copy a file that can be read, but not be written, into memory.

    Raises
    ------
    sqlite3.Error
        It cannot be read either, or is damaged.
    StoreError
        A newer program wrote it.
    """
    wal = path.with_name(path.name + "-wal")
    complete = not wal.exists() or wal.stat().st_size == 0
    failure: sqlite3.Error | None = None
    for how, locking in _READING if complete else _READING[:2]:
        try:
            copy = _copy(f"{path.absolute().as_uri()}?{how}", locking, factory)
            migrate(copy, path)
            return copy
        except sqlite3.Error as error:
            failure = failure or error
    assert failure is not None
    raise failure


def _copy(uri: str, locking: str, factory: type[sqlite3.Connection]) -> sqlite3.Connection:
    with closing(
        sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None, factory=factory)
    ) as source:
        source.execute(f"PRAGMA locking_mode = {locking}")
        # `backup` would wait for ever for a lock that a read transaction has from here on.
        source.execute("BEGIN")
        check(source)
        copy = new_memory()
        source.backup(copy)
    return copy
