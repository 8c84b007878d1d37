"""What can go wrong with the state."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOST = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
"""Damage, no database, tables that are not ours (SQLITE_ERROR: there is no such table)."""
_PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}


class StoreError(Exception):
    """The state cannot be read or written; nothing of the failed transaction is kept."""


class StoreLockedError(StoreError):
    """Another process owns the state folder."""


class StoreUnavailableError(StoreError):
    """The disk fails: it is full, read-only, broken, or locked by another. It may pass."""


class StoreLostError(StoreUnavailableError):
    """The file is damaged, gone or another one: what it held has to be written anew."""


class StoreInputError(StoreError):
    """What was to be done is at fault, and not the file."""


@contextmanager
def told_apart(path: Path) -> Iterator[None]:
    """Raise SQLite's and the system's errors as ours, by what can be done about them."""
    try:
        yield
    except OSError as error:
        kind = StoreUnavailableError if error.errno in _PASSING else StoreError
        raise kind(f"{path}: {error.strerror}") from error
    except UnicodeEncodeError as error:
        raise StoreInputError(f"{path}: {error}") from error
    except sqlite3.Error as error:
        raise _kind(error)(f"{path}: {error}") from error


def _kind(error: sqlite3.Error) -> type[StoreError]:
    if type(error) not in {sqlite3.OperationalError, sqlite3.DatabaseError}:
        return StoreInputError
    return StoreLostError if error.sqlite_errorcode & 0xFF in _LOST else StoreUnavailableError
