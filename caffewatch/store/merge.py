"""From one database into another: a replica into an empty one, or what one missed."""

from __future__ import annotations

import sqlite3

from caffewatch.store import alerts

_POSITIONS = (
    "INSERT INTO positions (job, log, position, followed_at) VALUES (?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET position = excluded.position, "
    "followed_at = coalesce(excluded.followed_at, followed_at)"
)
# What either has settled stays settled.
_OUTBOX = (
    "INSERT INTO outbox (receiver, grp, fingerprint, state, repeat, alert, created_at, due_at, "
    "batch, settled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (receiver, fingerprint, state, repeat) DO UPDATE SET "
    "alert = excluded.alert, batch = excluded.batch, settled_at = excluded.settled_at "
    "WHERE outbox.settled_at IS NULL"
)
_BATCHES = "INSERT OR REPLACE INTO batches VALUES (?, ?, ?, ?, ?)"
_DEAD_LETTERS = "INSERT OR IGNORE INTO dead_letters VALUES (?, ?, ?, ?, ?)"

_COPIES = (
    ("SELECT job, log, position, followed_at FROM positions", _POSITIONS),
    (
        "SELECT fingerprint, grp, rule, severity, state, starts_at, ends_at, alert FROM alerts",
        alerts.UPSERT,
    ),
    (
        "SELECT receiver, grp, fingerprint, state, repeat, alert, created_at, due_at, batch, "
        "settled_at FROM outbox ORDER BY id",
        _OUTBOX,
    ),
    ("SELECT id, attempts, first_tried_at, next_try, error FROM batches", _BATCHES),
    ("SELECT id, attempts, first_tried_at, reason, died_at FROM dead_letters", _DEAD_LETTERS),
)


def merge(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Bring into one database, within its transaction, what the other knows beyond it.

    The source has lived on from where the target stands: it decides, but for what is settled.
    Letters keep their order, and their batches, so their ids. Saved cores stay where they are.
    """
    for select, insert in _COPIES:
        target.executemany(insert, map(tuple, source.execute(select)))
    target.execute(
        "DELETE FROM batches WHERE NOT EXISTS "
        "(SELECT * FROM outbox WHERE batch = batches.id AND settled_at IS NULL)"
    )


def replace(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Make one database, within its transaction, a replica of what the other still needs."""
    for table in ("positions", "alerts", "outbox", "batches", "dead_letters"):
        target.execute(f"DELETE FROM {table}")
    merge(source, target)
    alerts.drop_resolved(target)
