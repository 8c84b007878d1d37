"""Positions and alerts, the folder and its lock, and what goes wrong."""

import sqlite3
import stat
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from caffewatch.store.errors import StoreError, StoreLockedError
from caffewatch.store.file import FILE_NAME, LOCK_NAME
from caffewatch.store.store import Store
from tests.store.faults import FULL, IO_ERROR, FailingDisk
from tests.store.samples import NOW, alert, letter

LOG = ("job", "a.log")


def rows(state_dir: Path, *tables: str) -> list[int]:
    """Count the rows of tables, in the file."""
    with closing(sqlite3.connect(state_dir / FILE_NAME)) as connection:
        return [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables
        ]


class TestCommit:
    def test_keeps_positions(self, store: Store, state_dir: Path) -> None:
        """The last position of each log is there after a restart."""
        store.commit({("job", "a.log"): "1", ("job", "b.log"): "2"})
        store.commit({("job", "a.log"): "3"})
        store.close()

        with Store(state_dir) as again:
            found = [again.position("job", x) for x in ("a.log", "b.log", "c.log")]
        assert found == ["3", "2", None]

    def test_keeps_what_fires(self, store: Store) -> None:
        """Alerts that have not resolved are listed whole."""
        store.commit({}, [alert("f1"), alert("f2"), alert("f1", state="resolved")])

        assert store.firing() == [alert("f2")]

    def test_a_resolved_alert_stays_resolved(self, store: Store) -> None:
        """An old firing edge that comes again changes nothing."""
        store.commit({}, [alert(), alert(state="resolved"), alert()])

        assert store.firing() == []

    def test_is_all_or_nothing(self, store: Store) -> None:
        """When a letter cannot be written, neither position nor alert is."""
        bad = replace(letter(), due_at=float("nan"))  # SQLite makes NULL of it

        with pytest.raises(StoreError, match="NOT NULL"):
            store.commit({("job", "a.log"): "1"}, [alert()], [letter("f2"), bad])

        left = store.position("job", "a.log"), store.firing(), store.outbox.queue_length("hook")
        assert left == (None, [], 0)

    def test_takes_paths_that_are_no_utf_8(self, store: Store, state_dir: Path) -> None:
        """Linux allows any byte in a name, and two names stay two."""
        store.commit({("job", "\udcff.log"): "1", ("job", "\\udcff.log"): "2"})
        store.close()

        with Store(state_dir) as again:
            found = again.position("job", "\udcff.log"), again.position("job", "\\udcff.log")
        assert found == ("1", "2")


class TestCurrent:
    def test_what_fires_and_what_has_just_ended(self, store: Store) -> None:
        """For receivers that are told how things stand."""
        store.commit({}, [alert("f1", state="resolved"), alert("f2")])

        assert [x.fingerprint for x in store.current(NOW + 10)] == ["f1", "f2"]
        assert [x.fingerprint for x in store.current(NOW + 11)] == ["f2"]


class TestTold:
    def test_says_when_each_receiver_was_last_written_to(self, store: Store) -> None:
        """A letter that still waits is no reason to write another."""
        store.commit({}, (), [letter("f1"), replace(letter("f1"), created_at=NOW + 5, repeat=1)])
        waiting = store.told(["f1", "f2"])
        while claim := store.outbox.claim("hook", NOW + 10):
            store.outbox.delivered(claim.notification.id, NOW + 10)

        assert (waiting, store.told(["f1", "f2"])) == ({}, {("hook", "f1"): (1, NOW + 5)})


class TestCores:
    def test_are_kept_with_their_position(self, store: Store, state_dir: Path) -> None:
        """The last one of each log, whatever positions come after it."""
        store.commit({LOG: "1"}, cores={LOG: b"old"})
        store.commit({LOG: "2"}, cores={LOG: b"\0new"})
        store.commit({LOG: "3"})
        store.close()

        with Store(state_dir) as again:
            assert (again.core(*LOG), again.core("job", "b.log")) == (b"\0new", None)

    def test_can_be_dropped(self, store: Store) -> None:
        """The position stays."""
        store.commit({LOG: "1"}, cores={LOG: b"core"})
        store.drop_core(*LOG)

        assert (store.core(*LOG), store.position(*LOG)) == (None, "1")

    def test_are_not_kept_in_memory(self, store: Store, disk: type[FailingDisk]) -> None:
        """While the disk fails there is none to be had; the one from before is valid after."""
        store.commit({LOG: "1"}, cores={LOG: b"before"})
        disk.failure = FULL
        store.commit({LOG: "2"}, cores={LOG: b"meanwhile"})
        meanwhile = store.core(*LOG)
        disk.failure = None
        store.tend()

        assert (meanwhile, store.core(*LOG)) == (None, b"before")

    def test_dropped_while_the_disk_fails(self, store: Store, disk: type[FailingDisk]) -> None:
        """It does not come back with the disk."""
        store.commit({LOG: "1"}, cores={LOG: b"core"})
        disk.failure = FULL
        store.drop_core(*LOG)
        disk.failure = None
        store.tend()
        found = store.core(*LOG)
        store.commit({LOG: "2"}, cores={LOG: b"new"})

        assert (found, store.core(*LOG)) == (None, b"new")

    def test_a_disk_that_cannot_be_read_has_none(
        self, store: Store, disk: type[FailingDisk]
    ) -> None:
        """The log is read again from its start then."""
        store.commit({LOG: "1"}, cores={LOG: b"core"})
        disk.failure, disk.reads = IO_ERROR, True

        assert store.core(*LOG) is None


class TestForget:
    def test_drops_what_is_over(self, store: Store, state_dir: Path) -> None:
        """Old resolved alerts and settled letters go; what fires or waits stays."""
        fires, of = alert("f2"), {"training_job": "job", "log": "a.log"}
        store.commit(
            {LOG: "1"},
            [alert("f1", state="resolved"), replace(fires, labels=of)],
            [letter("f1")],
        )
        claim = store.outbox.claim("hook", NOW)
        assert claim is not None
        store.outbox.delivered(claim.notification.id, NOW)
        store.commit({}, (), [letter("f2")])
        store.forget(NOW + 100, keep=0.0, followed=[LOG])

        assert rows(state_dir, "alerts", "outbox") == [1, 1]
        assert (len(store.firing()), store.outbox.queue_length("hook")) == (1, 1)

    def test_drops_what_nobody_will_take(self, store: Store, state_dir: Path) -> None:
        """Letters to receivers that are not configured; to others they wait on."""
        store.commit({}, (), [letter("f1"), letter("f1", receiver="gone")])
        store.commit({}, (), [letter("f2", group="g2", receiver="gone")])
        assert store.outbox.claim("gone", NOW) is not None
        store.forget(NOW + 99, keep=100.0, receivers=["hook"])
        kept = store.outbox.waiting()
        store.forget(NOW + 101, keep=100.0, receivers=["hook"])

        assert (kept, store.outbox.waiting()) == ({"hook": 1, "gone": 2}, {"hook": 1})
        assert rows(state_dir, "outbox", "batches") == [1, 0]

    def test_drops_logs_that_are_followed_no_more(self, store: Store) -> None:
        """Position and core, once they are as old as asked; a silent log that is there stays."""
        gone = ("job", "gone.log")
        store.commit({LOG: "1", gone: "2"}, cores={LOG: b"1", gone: b"2"})
        store.forget(NOW, keep=100.0)
        store.forget(NOW + 100, keep=100.0, followed=[LOG])
        kept = store.position(*gone)
        store.forget(NOW + 101, keep=100.0, followed=[LOG])

        assert (kept, store.position(*gone), store.core(*gone)) == ("2", None, None)
        assert (store.position(*LOG), store.core(*LOG)) == ("1", b"1")

    def test_drops_what_fires_in_logs_that_are_gone(self, store: Store) -> None:
        """Nothing can resolve it any more."""
        labels = {"training_job": "job", "log": "gone.log"}
        store.commit({LOG: "1"}, [replace(alert(), labels=labels)])
        store.forget(NOW, keep=0.0, followed=[LOG])
        kept = len(store.firing())
        store.forget(NOW + 1, keep=0.0, followed=[LOG])

        assert (kept, store.firing()) == (1, [])


class TestFolder:
    def test_is_made_for_this_user_only(self, store: Store, state_dir: Path) -> None:
        """What logs say is nobody else's business."""
        assert stat.S_IMODE(state_dir.stat().st_mode) == 0o700

    def test_belongs_to_one_daemon(self, store: Store, state_dir: Path) -> None:
        """A second daemon is told who is there and what to do."""
        with pytest.raises(StoreLockedError, match=r"in use by another caffewatch \(process \d+\)"):
            Store(state_dir)

    def test_is_free_again_after_close(self, store: Store, state_dir: Path) -> None:
        """The lock goes with the store, its file stays."""
        store.close()
        Store(state_dir).close()

        assert (state_dir / LOCK_NAME).exists()

    def test_can_be_looked_into_meanwhile(self, store: Store, state_dir: Path) -> None:
        """A command may read what a running daemon has committed."""
        store.commit({("job", "a.log"): "1"})

        with Store(state_dir, exclusive=False) as other:
            found = other.position("job", "a.log")
        assert found == "1"

    def test_that_cannot_be_made_is_an_error(self, tmp_path: Path) -> None:
        """A file in the folder's place is named."""
        (tmp_path / "state").touch()

        with pytest.raises(StoreError, match="state: File exists"):
            Store(tmp_path / "state")


class TestThreads:
    def test_each_has_its_own_connection(self, store: Store) -> None:
        """Commits and claims from several threads at once lose nothing."""

        def write(number: int) -> None:
            for step in range(20):
                store.commit({}, (), [letter(f"{number}-{step}", group=f"{number}")])

        threads = [threading.Thread(target=write, args=(x,)) for x in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert store.outbox.queue_length("hook") == 80
