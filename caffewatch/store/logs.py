"""What is kept of each log: how far it was read, and what its monitor knew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

Key = tuple[str, str]
"""Job and log."""


def save_positions(connection: sqlite3.Connection, positions: Mapping[Key, str]) -> None:
    """Write how far logs were read."""
    connection.executemany(
        "INSERT INTO positions (job, log, position) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET position = excluded.position",
        [(*_columns(key), position) for key, position in positions.items()],
    )


def position(connection: sqlite3.Connection, key: Key) -> str | None:
    """Return how far a log was read."""
    row = connection.execute(
        "SELECT position FROM positions WHERE job = ? AND log = ?", _columns(key)
    ).fetchone()
    return row["position"] if row else None


def mark_followed(connection: sqlite3.Connection, keys: Iterable[Key], now: float) -> None:
    """Note that logs are followed still; those of which it was never noted get the benefit."""
    connection.executemany(
        "UPDATE positions SET followed_at = ? WHERE job = ? AND log = ?",
        [(now, *_columns(key)) for key in keys],
    )
    connection.execute("UPDATE positions SET followed_at = ? WHERE followed_at IS NULL", (now,))


def save_cores(connection: sqlite3.Connection, cores: Mapping[Key, bytes]) -> None:
    """Write what monitors knew."""
    connection.executemany(
        "INSERT OR REPLACE INTO cores VALUES (?, ?, ?)",
        [(*_columns(key), state) for key, state in cores.items()],
    )


def drop_cores(connection: sqlite3.Connection, keys: Iterable[Key]) -> None:
    """Forget what monitors knew."""
    connection.executemany(
        "DELETE FROM cores WHERE job = ? AND log = ?", [_columns(key) for key in keys]
    )


def core(connection: sqlite3.Connection, key: Key) -> bytes | None:
    """Return what a log's monitor knew."""
    row = connection.execute(
        "SELECT state FROM cores WHERE job = ? AND log = ?", _columns(key)
    ).fetchone()
    return row["state"] if row else None


def _columns(key: Key) -> tuple[str | bytes, str | bytes]:
    job, log = key
    return _column(job), _column(log)


def _column(name: str) -> str | bytes:
    """Encode a name: a path that is no UTF-8 becomes a blob, which is equal to no text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode(errors="surrogateescape")
    return name
