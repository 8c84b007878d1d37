"""The way from older versions of the tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from caffewatch.alert.notification import alert_to_json, bundle
from caffewatch.store.file import FILE_NAME
from caffewatch.store.schema import MIGRATIONS
from caffewatch.store.store import Store
from tests.store.faults import READ_ONLY, FailingDisk
from tests.store.samples import NOW, alert, letter

LOG = ("job", "a.log")

# What version 1 was, whatever becomes of the list of migrations.
VERSION_1 = """
CREATE TABLE positions (
    job TEXT NOT NULL, log TEXT NOT NULL, position TEXT NOT NULL, PRIMARY KEY (job, log)
) WITHOUT ROWID;
CREATE TABLE alerts (
    fingerprint TEXT PRIMARY KEY, grp TEXT NOT NULL, rule TEXT NOT NULL, severity TEXT NOT NULL,
    state TEXT NOT NULL, starts_at REAL NOT NULL, ends_at REAL, alert TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX alerts_by_state ON alerts (state, starts_at);
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, receiver TEXT NOT NULL, grp TEXT NOT NULL,
    fingerprint TEXT NOT NULL, state TEXT NOT NULL, repeat INTEGER NOT NULL, alert TEXT NOT NULL,
    created_at REAL NOT NULL, due_at REAL NOT NULL, batch TEXT, settled_at REAL,
    UNIQUE (receiver, fingerprint, state, repeat)
);
CREATE INDEX outbox_pending ON outbox (receiver, grp, id) WHERE settled_at IS NULL;
CREATE INDEX outbox_batch ON outbox (batch) WHERE batch IS NOT NULL;
CREATE TABLE batches (
    id TEXT PRIMARY KEY, attempts INTEGER NOT NULL, first_tried_at REAL, next_try REAL NOT NULL,
    error TEXT
) WITHOUT ROWID;
CREATE TABLE dead_letters (
    id TEXT PRIMARY KEY, attempts INTEGER NOT NULL, first_tried_at REAL, reason TEXT NOT NULL,
    died_at REAL NOT NULL
) WITHOUT ROWID;
CREATE VIEW heads AS
SELECT outbox.receiver, outbox.grp, outbox.id, outbox.batch,
       coalesce(batches.next_try, oldest.due_at) AS ready_at
FROM (
    SELECT min(id) AS id, min(CASE WHEN batch IS NULL THEN due_at END) AS due_at
    FROM outbox WHERE settled_at IS NULL GROUP BY receiver, grp
) AS oldest
JOIN outbox USING (id)
LEFT JOIN batches ON batches.id = outbox.batch;
PRAGMA user_version = 1;
"""


@pytest.fixture
def version_1(state_dir: Path) -> Path:
    """Write a state of version 1: a log, an alert, and its letter on its way."""
    state_dir.mkdir()
    with closing(sqlite3.connect(state_dir / FILE_NAME)) as connection, connection:
        connection.executescript(VERSION_1)
        connection.execute("INSERT INTO positions VALUES ('job', 'a.log', '1')")
        connection.execute(
            "INSERT INTO alerts VALUES "
            "('f1', 'g1', 'non_finite', 'critical', 'firing', ?, NULL, ?)",
            (NOW, alert_to_json(alert())),
        )
        connection.execute(
            "INSERT INTO outbox VALUES (7, 'hook', 'g1', 'f1', 'firing', 0, ?, ?, ?, ?, NULL)",
            (alert_to_json(alert()), NOW, NOW, bundle("hook", [letter()]).id),
        )
        connection.execute(
            "INSERT INTO batches VALUES (?, 3, ?, ?, '503')",
            (bundle("hook", [letter()]).id, NOW, NOW + 5),
        )
    return state_dir


def contents(store: Store) -> tuple[object, ...]:
    """Return what the state of version 1 holds."""
    claim = store.outbox.claim("hook", NOW + 5)
    return store.position(*LOG), store.firing(), claim and (claim.attempts, claim.notification.id)


EXPECTED = ("1", [alert()], (3, bundle("hook", [letter()]).id))


class TestMigrate:
    def test_keeps_everything(self, version_1: Path) -> None:
        """A state of version 1 goes on as the newest."""
        with Store(version_1) as store:
            found = contents(store)
            store.commit({LOG: "1"}, cores={LOG: b"core"})
        with closing(sqlite3.connect(version_1 / FILE_NAME)) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]

        assert (found, version) == (EXPECTED, len(MIGRATIONS))

    def test_old_positions_are_given_their_time(self, version_1: Path) -> None:
        """They count as followed at the first pruning, not as gone since ever."""
        with Store(version_1) as store:
            store.forget(NOW, keep=10.0)
            store.forget(NOW + 10, keep=10.0)
            kept = store.position(*LOG)
            store.forget(NOW + 11, keep=10.0)

            assert (kept, store.position(*LOG)) == ("1", None)

    def test_a_disk_that_can_only_be_read(self, version_1: Path, disk: type[FailingDisk]) -> None:
        """The state is read as it is, and brought up to date when the disk is back."""
        disk.failure = READ_ONLY
        with Store(version_1, factory=disk) as store:
            assert store.trouble is not None
            found = contents(store)
            disk.failure = None
            store.tend()
            assert store.trouble is None
        with Store(version_1) as store:
            assert (found, contents(store)) == (EXPECTED, EXPECTED)

    def test_ends_where_a_new_file_begins(self, version_1: Path, tmp_path: Path) -> None:
        """Both ways lead to the same tables."""
        Store(version_1).close()
        Store(tmp_path / "new").close()

        assert schema(version_1) == schema(tmp_path / "new")


def schema(state_dir: Path) -> set[tuple[str, str]]:
    """Return name and columns of everything there is."""
    with closing(sqlite3.connect(state_dir / FILE_NAME)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
        return {
            (name, str(connection.execute(f"PRAGMA table_xinfo('{name}')").fetchall()))
            for (name,) in names
        }
