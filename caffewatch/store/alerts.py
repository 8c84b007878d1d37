"""The table of alerts: what fires, and what has resolved."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from caffewatch.alert.model import Alert
from caffewatch.alert.notification import alert_from_json, alert_to_json

# An alert resolves once: a firing edge that comes again after that is an old one.
UPSERT = (
    "INSERT INTO alerts "
    "(fingerprint, grp, rule, severity, state, starts_at, ends_at, alert) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
    "severity = excluded.severity, state = excluded.state, ends_at = excluded.ends_at, "
    "alert = excluded.alert WHERE alerts.state = 'firing' OR excluded.state = 'resolved'"
)


def save(connection: sqlite3.Connection, alerts: Iterable[Alert]) -> None:
    """Write edges in their order."""
    connection.executemany(
        UPSERT,
        (
            (
                x.fingerprint, x.group, x.rule, x.severity, x.state, x.starts_at, x.ends_at,
                alert_to_json(x),
            )
            for x in alerts
        ),
    )  # fmt: skip


def firing(connection: sqlite3.Connection) -> list[Alert]:
    """List the alerts that have fired and not resolved, oldest first."""
    rows = connection.execute(
        "SELECT alert FROM alerts WHERE state = 'firing' ORDER BY starts_at, fingerprint"
    )
    return [alert_from_json(row["alert"]) for row in rows]


def current(connection: sqlite3.Connection, since: float) -> list[Alert]:
    """List the alerts that fire, and those that have ended since a time (seconds)."""
    rows = connection.execute(
        "SELECT alert FROM alerts WHERE state = 'firing' OR ends_at >= ?", (since,)
    )
    return [alert_from_json(row["alert"]) for row in rows]


def drop_resolved(connection: sqlite3.Connection) -> None:
    """Drop what nobody will ask for again."""
    connection.execute("DELETE FROM alerts WHERE state <> 'firing'")
