"""The tables, and the way to them from every version before."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from caffewatch.store.errors import StoreError

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE positions (
        job TEXT NOT NULL, log TEXT NOT NULL, position TEXT NOT NULL,
        PRIMARY KEY (job, log)
    ) WITHOUT ROWID;

    CREATE TABLE alerts (
        fingerprint TEXT PRIMARY KEY, grp TEXT NOT NULL, rule TEXT NOT NULL,
        severity TEXT NOT NULL, state TEXT NOT NULL, starts_at REAL NOT NULL, ends_at REAL,
        alert TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX alerts_by_state ON alerts (state, starts_at);

    -- A row per letter. It stays after delivery (settled_at), so that none is ever written twice.
    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        receiver TEXT NOT NULL, grp TEXT NOT NULL, fingerprint TEXT NOT NULL, state TEXT NOT NULL,
        repeat INTEGER NOT NULL, alert TEXT NOT NULL, created_at REAL NOT NULL,
        due_at REAL NOT NULL, batch TEXT, settled_at REAL,
        UNIQUE (receiver, fingerprint, state, repeat)
    );
    CREATE INDEX outbox_pending ON outbox (receiver, grp, id) WHERE settled_at IS NULL;
    CREATE INDEX outbox_batch ON outbox (batch) WHERE batch IS NOT NULL;

    -- A notification on its way: which letters it holds is fixed before it is first tried.
    CREATE TABLE batches (
        id TEXT PRIMARY KEY, attempts INTEGER NOT NULL, first_tried_at REAL,
        next_try REAL NOT NULL, error TEXT
    ) WITHOUT ROWID;

    CREATE TABLE dead_letters (
        id TEXT PRIMARY KEY, attempts INTEGER NOT NULL, first_tried_at REAL,
        reason TEXT NOT NULL, died_at REAL NOT NULL
    ) WITHOUT ROWID;

    -- The oldest pending letter of each receiver's group: nothing of the group may overtake it.
    CREATE VIEW heads AS
    SELECT outbox.receiver, outbox.grp, outbox.id, outbox.batch,
           coalesce(batches.next_try, oldest.due_at) AS ready_at
    FROM (
        SELECT min(id) AS id, min(CASE WHEN batch IS NULL THEN due_at END) AS due_at
        FROM outbox WHERE settled_at IS NULL GROUP BY receiver, grp
    ) AS oldest
    JOIN outbox USING (id)
    LEFT JOIN batches ON batches.id = outbox.batch;
    """,
    """
    -- When the log was last known to be followed, seconds since the epoch; NULL until pruned first.
    ALTER TABLE positions ADD COLUMN followed_at REAL;

    -- What a log's monitor knew at some read position, so that only the rest is read again.
    CREATE TABLE cores (
        job TEXT NOT NULL, log TEXT NOT NULL, state BLOB NOT NULL,
        PRIMARY KEY (job, log)
    );
    """,
)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables up to date, a transaction a step.

    Raises
    ------
    StoreError
        A newer program wrote them.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path}: the state has version {version}, this program knows {len(MIGRATIONS)}: "
            "it was written by a newer caffewatch"
        )
    for number in range(version, len(MIGRATIONS)):
        connection.executescript(
            f"BEGIN IMMEDIATE; {MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;"
        )


def new_memory() -> sqlite3.Connection:
    """Make an empty database in memory, with the newest tables."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    migrate(connection, Path(":memory:"))
    return connection
