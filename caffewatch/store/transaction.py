"""All or nothing, on one connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeVar

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]


class Database(Protocol):
    """Where the state is read and written; from any thread."""

    def write(self, operation: Operation[T], on_disk: Operation[object] | None = None) -> T:
        """Run an operation as one transaction, on every copy of the state.

        Parameters
        ----------
        operation
            Does the same to the same rows wherever it runs; returns what is returned.
        on_disk
            Runs in the transaction of the file alone: for what is too large to be kept in memory.
        """

    def read(self, operation: Operation[T]) -> T:
        """Run an operation that changes nothing."""

    def read_disk(self, operation: Operation[T]) -> T | None:
        """Run one that needs what only the file holds; None while that cannot be read."""


def transact(
    connection: sqlite3.Connection, operation: Operation[T], begin: str = "BEGIN IMMEDIATE"
) -> T:
    """Run an operation in a transaction of its own; undo all of it when it fails."""
    try:
        connection.execute(begin)
        result = operation(connection)
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.rollback()
        raise
    return result
