"""Letters on their way to receivers: each at least once, in order per run and receiver."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from caffewatch.alert.notification import (
    Letter,
    Notification,
    alert_from_json,
    alert_to_json,
    bundle,
)
from caffewatch.store.database import Database

MAX_LETTERS = 100
"""Letters in one notification."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A notification to be tried now.

    ``attempts`` counts the tries that failed; ``first_tried_at`` is None before the first try.
    """

    notification: Notification
    attempts: int
    first_tried_at: float | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A notification that was given up on."""

    notification: Notification
    attempts: int
    reason: str
    died_at: float


class Outbox:
    """The queue of every receiver; usable from any thread, one worker a receiver.

    Every method raises `StoreError` when the state cannot be read or written.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, receiver: str, now: float) -> Claim | None:
        """Take the oldest notification that may be tried; None when there is none.

        What it holds is fixed and stored before it is returned, so that every try, after a crash
        too, has the same id. It is handed out again until it is settled by `delivered`, `retry` or
        `dead`. A group that waits for its next try holds up only itself.
        """
        with self._database.transaction() as connection:
            head = connection.execute(
                "SELECT * FROM heads WHERE receiver = ? AND ready_at <= ? ORDER BY id LIMIT 1",
                (receiver, now),
            ).fetchone()
            if head is None:
                return None
            batch = head["batch"] or _make_batch(connection, receiver, head["grp"], now)
            row = connection.execute("SELECT * FROM batches WHERE id = ?", (batch,)).fetchone()
            notification = _notification(receiver, _letters(connection, batch), batch)
            tried_before = row["first_tried_at"] is not None
            if not tried_before:
                connection.execute(
                    "UPDATE batches SET first_tried_at = ? WHERE id = ?", (now, batch)
                )
            return Claim(notification, row["attempts"], row["first_tried_at"])

    def delivered(self, id: str, now: float) -> None:
        """Settle a notification that its receiver has taken."""
        with self._database.transaction() as connection:
            # What was delivered only has to be recognised again.
            connection.execute(
                "UPDATE outbox SET settled_at = ?, alert = '' WHERE batch = ? "
                "AND settled_at IS NULL",
                (now, id),
            )
            connection.execute("DELETE FROM batches WHERE id = ?", (id,))

    def retry(self, id: str, next_try: float, error: str) -> None:
        """Put a notification off after a failed try."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE batches SET attempts = attempts + 1, next_try = ?, error = ? WHERE id = ?",
                (next_try, error, id),
            )

    def dead(self, id: str, reason: str, now: float) -> None:
        """Give a notification up; it stays among the dead letters."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO dead_letters SELECT id, attempts + 1, first_tried_at, ?, ? "
                "FROM batches WHERE id = ?",
                (reason, now, id),
            )
            connection.execute(
                "UPDATE outbox SET settled_at = ? WHERE batch = ? AND settled_at IS NULL", (now, id)
            )
            connection.execute("DELETE FROM batches WHERE id = ?", (id,))

    def revive(self, id: str) -> bool:
        """Queue a dead letter again under its old id; False when there is none of that id."""
        with self._database.transaction() as connection:
            found = connection.execute("DELETE FROM dead_letters WHERE id = ?", (id,)).rowcount
            if found:
                connection.execute("INSERT INTO batches VALUES (?, 0, NULL, 0, NULL)", (id,))
                connection.execute("UPDATE outbox SET settled_at = NULL WHERE batch = ?", (id,))
            return bool(found)

    def dead_letters(self) -> list[DeadLetter]:
        """List what was given up on, oldest first."""
        with self._database.transaction() as connection:
            rows = connection.execute("SELECT * FROM dead_letters ORDER BY died_at, id").fetchall()
            return [
                DeadLetter(
                    _notification(letters[0].receiver, letters, row["id"]),
                    row["attempts"],
                    row["reason"],
                    row["died_at"],
                )
                for row in rows
                if (letters := _letters(connection, row["id"]))
            ]

    def queue_length(self, receiver: str) -> int:
        """Count the letters that are neither delivered nor given up on."""
        rows = self._database.query(
            "SELECT count(*) FROM outbox WHERE receiver = ? AND settled_at IS NULL", receiver
        )
        return int(rows[0][0])

    def next_due(self, receiver: str) -> float | None:
        """Return when `claim` will next have something, seconds since the epoch; None: never."""
        rows = self._database.query("SELECT min(ready_at) FROM heads WHERE receiver = ?", receiver)
        return None if rows[0][0] is None else float(rows[0][0])


def enqueue(connection: sqlite3.Connection, letters: Iterable[Letter]) -> None:
    """Write letters in their order, leaving out those that were written before."""
    connection.executemany(
        "INSERT INTO outbox "
        "(receiver, grp, fingerprint, state, repeat, alert, created_at, due_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (receiver, fingerprint, state, repeat) DO NOTHING",
        (
            (
                x.receiver, x.alert.group, x.alert.fingerprint, x.alert.state, x.repeat,
                alert_to_json(x.alert), x.created_at, x.due_at,
            )
            for x in letters
        ),
    )  # fmt: skip


def _make_batch(connection: sqlite3.Connection, receiver: str, group: str, now: float) -> str:
    """Bundle a group's letters up to the last one that is due, so that none is overtaken."""
    rows = connection.execute(
        "SELECT * FROM outbox WHERE receiver = ? AND grp = ? AND settled_at IS NULL "
        "AND batch IS NULL ORDER BY id LIMIT ?",
        (receiver, group, MAX_LETTERS),
    ).fetchall()
    due = max((number for number, row in enumerate(rows) if row["due_at"] <= now), default=0)
    chosen = _until_repeated(rows[: due + 1])
    id = bundle(receiver, [_letter(row) for row in chosen]).id
    connection.execute("INSERT INTO batches VALUES (?, 0, NULL, ?, NULL)", (id, now))
    connection.executemany(
        "UPDATE outbox SET batch = ? WHERE id = ?", [(id, x["id"]) for x in chosen]
    )
    return id


def _until_repeated(rows: list[sqlite3.Row]) -> list[sqlite3.Row]:
    """Leave an alert's second edge to the next notification: one holds an alert only once."""
    seen: set[str] = set()
    for number, row in enumerate(rows):
        if row["fingerprint"] in seen:
            return rows[:number]
        seen.add(row["fingerprint"])
    return rows


def _letters(connection: sqlite3.Connection, batch: str) -> list[Letter]:
    rows = connection.execute("SELECT * FROM outbox WHERE batch = ? ORDER BY id", (batch,))
    return [_letter(row) for row in rows]


def _letter(row: sqlite3.Row) -> Letter:
    return Letter(
        row["receiver"],
        alert_from_json(row["alert"]),
        row["created_at"],
        row["due_at"],
        row["repeat"],
    )


def _notification(receiver: str, letters: list[Letter], id: str) -> Notification:
    notification = bundle(receiver, letters)
    assert notification.id == id
    return notification
