"""Letters on their way to receivers: each at least once, in order per run and receiver."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from caffewatch.alert.notification import (
    Letter,
    Notification,
    alert_from_json,
    alert_to_json,
    bundle,
)
from caffewatch.store.transaction import Database

MAX_LETTERS = 100
"""Letters in one notification."""
LONGEST_PAUSE = 3600.0
"""Seconds between two tries; a longer pause, like a letter from the future, is a clock set back."""


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
        if self._database.read(partial(_head, receiver=receiver, now=now)) is None:
            return None
        return self._database.write(partial(_claim, receiver=receiver, now=now))

    def delivered(self, id: str, now: float) -> None:
        """Settle a notification that its receiver has taken."""
        self._database.write(partial(_delivered, id=id, now=now))

    def retry(self, id: str, next_try: float, error: str) -> None:
        """Put a notification off after a failed try."""
        self._database.write(
            lambda connection: connection.execute(
                "UPDATE batches SET attempts = attempts + 1, next_try = ?, error = ? WHERE id = ?",
                (next_try, error, id),
            )
        )

    def dead(self, id: str, reason: str, now: float) -> None:
        """Give a notification up; it stays among the dead letters."""
        self._database.write(partial(_dead, id=id, reason=reason, now=now))

    def revive(self, id: str) -> bool:
        """Queue a dead letter again under its old id; False when there is none of that id."""
        return self._database.write(partial(_revive, id=id))

    def dead_letters(self) -> list[DeadLetter]:
        """List what was given up on, oldest first."""
        return self._database.read(_dead_letters)

    def queue_length(self, receiver: str) -> int:
        """Count the letters that are neither delivered nor given up on."""
        sql = "SELECT count(*) FROM outbox WHERE receiver = ? AND settled_at IS NULL"
        return int(self._database.read(lambda x: x.execute(sql, (receiver,)).fetchone()[0]))

    def waiting(self) -> dict[str, int]:
        """Count the letters that wait, by receiver."""
        sql = "SELECT receiver, count(*) FROM outbox WHERE settled_at IS NULL GROUP BY receiver"
        rows = self._database.read(lambda x: x.execute(sql).fetchall())
        return {name: int(count) for name, count in rows}

    def next_due(self, receiver: str) -> float | None:
        """Return when `claim` will next have something, seconds since the epoch; None: never."""
        sql = "SELECT min(ready_at) FROM heads WHERE receiver = ?"
        at = self._database.read(lambda x: x.execute(sql, (receiver,)).fetchone()[0])
        return None if at is None else float(at)


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


def _head(connection: sqlite3.Connection, receiver: str, now: float) -> sqlite3.Row | None:
    """Find the oldest letter of a group that may be tried."""
    found: sqlite3.Row | None = connection.execute(
        "SELECT heads.* FROM heads JOIN outbox USING (id) WHERE heads.receiver = ? AND "
        "(ready_at <= ? OR CASE WHEN heads.batch IS NULL THEN created_at > ? ELSE ready_at > ? END)"
        " ORDER BY id LIMIT 1",
        (receiver, now, now, now + LONGEST_PAUSE),
    ).fetchone()
    return found


def _claim(connection: sqlite3.Connection, receiver: str, now: float) -> Claim | None:
    head = _head(connection, receiver, now)
    if head is None:
        return None
    batch = head["batch"] or _make_batch(connection, receiver, head["grp"], now)
    row = connection.execute("SELECT * FROM batches WHERE id = ?", (batch,)).fetchone()
    notification = _notification(receiver, _letters(connection, batch), batch)
    if row["first_tried_at"] is None:
        connection.execute("UPDATE batches SET first_tried_at = ? WHERE id = ?", (now, batch))
    return Claim(notification, row["attempts"], row["first_tried_at"])


def _delivered(connection: sqlite3.Connection, id: str, now: float) -> None:
    # What was delivered only has to be recognised again.
    connection.execute(
        "UPDATE outbox SET settled_at = ?, alert = '' WHERE batch = ? AND settled_at IS NULL",
        (now, id),
    )
    connection.execute("DELETE FROM batches WHERE id = ?", (id,))


def _dead(connection: sqlite3.Connection, id: str, reason: str, now: float) -> None:
    connection.execute(
        "INSERT INTO dead_letters SELECT id, attempts + 1, first_tried_at, ?, ? "
        "FROM batches WHERE id = ?",
        (reason, now, id),
    )
    connection.execute(
        "UPDATE outbox SET settled_at = ? WHERE batch = ? AND settled_at IS NULL", (now, id)
    )
    connection.execute("DELETE FROM batches WHERE id = ?", (id,))


def _revive(connection: sqlite3.Connection, id: str) -> bool:
    found = connection.execute("DELETE FROM dead_letters WHERE id = ?", (id,)).rowcount
    if found:
        connection.execute("INSERT INTO batches VALUES (?, 0, NULL, 0, NULL)", (id,))
        connection.execute("UPDATE outbox SET settled_at = NULL WHERE batch = ?", (id,))
    return bool(found)


def _dead_letters(connection: sqlite3.Connection) -> list[DeadLetter]:
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
