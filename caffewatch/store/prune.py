"""Forget what is over.

Nothing is vacuumed: freed pages are used again, so the file stays as large as the busiest days
made it, while VACUUM needs as much room once more, and an auto_vacuum moves pages in every commit.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable

from caffewatch.alert.notification import alert_from_json
from caffewatch.store.logs import Key, mark_followed, position


def prune(
    connection: sqlite3.Connection,
    now: float,
    keep: float,
    followed: Iterable[Key],
    receivers: Iterable[str] | None,
) -> None:
    """Drop what was over, and logs that nobody has followed, for ``keep`` seconds.

    And letters as old as that for any but ``receivers``, where these are known: nobody takes them.
    """
    before = (now - keep,)
    mark_followed(connection, followed, now)
    connection.execute("DELETE FROM positions WHERE followed_at < ?", before)
    connection.execute("DELETE FROM alerts WHERE ends_at < ?", before)
    _drop_orphans(connection, now - keep)
    connection.execute("DELETE FROM dead_letters WHERE died_at < ?", before)
    connection.execute(
        "DELETE FROM outbox WHERE settled_at < ? AND NOT EXISTS "
        "(SELECT * FROM dead_letters WHERE dead_letters.id = outbox.batch)",
        before,
    )
    if receivers is not None:
        _drop_undeliverable(connection, now - keep, set(receivers))


def prune_cores(connection: sqlite3.Connection) -> None:
    """Drop what was known of logs that have no position any more."""
    connection.execute(
        "DELETE FROM cores WHERE NOT EXISTS "
        "(SELECT * FROM positions WHERE positions.job = cores.job AND positions.log = cores.log)"
    )


def _drop_orphans(connection: sqlite3.Connection, before: float) -> None:
    """Drop alerts that still fire in logs which are gone: nothing can resolve them."""
    rows = connection.execute(
        "SELECT fingerprint, alert FROM alerts WHERE state = 'firing' AND starts_at < ?", (before,)
    )
    for row in rows.fetchall():
        labels = alert_from_json(row["alert"]).labels
        log = labels.get("training_job", ""), labels.get("log", "")
        if position(connection, log) is None:
            connection.execute("DELETE FROM alerts WHERE fingerprint = ?", (row["fingerprint"],))


def _drop_undeliverable(
    connection: sqlite3.Connection, before: float, receivers: Collection[str]
) -> None:
    rows = connection.execute("SELECT DISTINCT receiver FROM outbox WHERE settled_at IS NULL")
    for (name,) in rows.fetchall():
        if name not in receivers:
            connection.execute(
                "DELETE FROM outbox WHERE receiver = ? AND settled_at IS NULL AND created_at < ?",
                (name, before),
            )
    connection.execute(
        "DELETE FROM batches WHERE NOT EXISTS (SELECT * FROM outbox WHERE batch = batches.id)"
    )
