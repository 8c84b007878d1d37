"""The state of the daemon."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from caffewatch.alert.model import Alert
from caffewatch.alert.notification import Letter, alert_from_json, alert_to_json
from caffewatch.store.database import Database
from caffewatch.store.errors import StoreError
from caffewatch.store.lock import StateLock
from caffewatch.store.outbox import Outbox, enqueue

FILE_NAME = "caffewatch.sqlite"
LOCK_NAME = "caffewatch.lock"


class Store:
    """Read positions, alerts and outbox in a folder of their own.

    Every method raises `StoreError` when the state cannot be read or written.

    Parameters
    ----------
    state_dir
        On a local filesystem; made when missing, for this user only.
    exclusive
        Own the folder, as the daemon does; False only to look, or to revive dead letters.

    Attributes
    ----------
    outbox
        The letters on their way, for the delivery's threads.
    set_aside
        Where a corrupt file was moved when the store was opened, None if it was sound.

    Raises
    ------
    StoreLockedError
        Another process owns the folder.
    StoreError
        The folder or file cannot be used, or was written by a newer program.
    """

    def __init__(self, state_dir: Path, *, exclusive: bool = True) -> None:
        self._lock: StateLock | None = None
        try:
            state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            if exclusive:
                self._lock = StateLock(state_dir / LOCK_NAME)
        except OSError as error:
            raise StoreError(f"{state_dir}: {error.strerror}") from error
        try:
            self._database = Database(state_dir / FILE_NAME)
        except StoreError:
            self._release()
            raise
        self.outbox = Outbox(self._database)
        self.set_aside = self._database.set_aside

    def commit(
        self,
        positions: Mapping[tuple[str, str], str],
        alerts: Iterable[Alert] = (),
        letters: Iterable[Letter] = (),
    ) -> None:
        """Save how far logs were read, what was found and whom to tell: all or nothing.

        Parameters
        ----------
        positions
            (job, log) to the encoded read position.
        alerts
            Edges, in order.
        letters
            In order; those that were written before are left out.
        """
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO positions VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET position = excluded.position",
                [(job, log, position) for (job, log), position in positions.items()],
            )
            _save(connection, alerts)
            enqueue(connection, letters)

    def position(self, job: str, log: str) -> str | None:
        """Return the encoded read position, None at the first start."""
        rows = self._database.query(
            "SELECT position FROM positions WHERE job = ? AND log = ?", job, log
        )
        return rows[0]["position"] if rows else None

    def firing(self) -> list[Alert]:
        """List the alerts that have fired and not resolved, oldest first."""
        rows = self._database.query(
            "SELECT alert FROM alerts WHERE state = 'firing' ORDER BY starts_at, fingerprint"
        )
        return [alert_from_json(row["alert"]) for row in rows]

    def current(self, since: float) -> list[Alert]:
        """List the alerts that fire, and those that have ended since a time (seconds)."""
        rows = self._database.query(
            "SELECT alert FROM alerts WHERE state = 'firing' OR ends_at >= ? "
            "ORDER BY starts_at, fingerprint",
            since,
        )
        return [alert_from_json(row["alert"]) for row in rows]

    def told(self, fingerprints: Iterable[str]) -> dict[tuple[str, str], tuple[int, float]]:
        """Return who was last told of firing alerts; not of those a letter still waits for.

        Returns
        -------
        dict
            (receiver, fingerprint) to how often it was repeated, and when it was last written,
            seconds since the epoch.
        """
        wanted = json.dumps(list(fingerprints))
        rows = self._database.query(
            "SELECT receiver, fingerprint, max(repeat) AS repeat, max(created_at) AS at "
            "FROM outbox WHERE state = 'firing' "
            "AND fingerprint IN (SELECT value FROM json_each(?)) "
            "GROUP BY receiver, fingerprint HAVING count(*) = count(settled_at)",
            wanted,
        )
        return {(x["receiver"], x["fingerprint"]): (x["repeat"], x["at"]) for x in rows}

    def forget(self, before: float) -> None:
        """Drop alerts resolved, and letters delivered or given up on, before a time (seconds)."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM alerts WHERE ends_at < ?", (before,))
            connection.execute("DELETE FROM dead_letters WHERE died_at < ?", (before,))
            connection.execute(
                "DELETE FROM outbox WHERE settled_at < ? AND NOT EXISTS "
                "(SELECT * FROM dead_letters WHERE dead_letters.id = outbox.batch)",
                (before,),
            )

    def forget_log(self, job: str, log: str) -> None:
        """Drop the read position of a log that is followed no more."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM positions WHERE job = ? AND log = ?", (job, log))

    def close(self) -> None:
        """Close the file and give the folder up."""
        self._database.close()
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _save(connection: sqlite3.Connection, alerts: Iterable[Alert]) -> None:
    # An alert resolves once: a firing edge that comes again after that is an old one.
    connection.executemany(
        "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "severity = excluded.severity, state = excluded.state, ends_at = excluded.ends_at, "
        "alert = excluded.alert WHERE alerts.state = 'firing' OR excluded.state = 'resolved'",
        (
            (
                x.fingerprint, x.group, x.rule, x.severity, x.state, x.starts_at, x.ends_at,
                alert_to_json(x),
            )
            for x in alerts
        ),
    )  # fmt: skip
