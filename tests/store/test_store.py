"""Positions and alerts, the folder and its lock, and what goes wrong."""

import sqlite3
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from caffewatch.store.errors import StoreError, StoreLockedError
from caffewatch.store.schema import MIGRATIONS
from caffewatch.store.store import FILE_NAME, LOCK_NAME, Store
from tests.store.samples import NOW, alert, letter


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

    def test_a_full_disk_is_an_error_that_passes(self, store: Store) -> None:
        """A commit that finds no room fails whole, and the next one may succeed."""
        connection = store._database._connection()
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

        with pytest.raises(StoreError, match="full"):
            store.commit({("job", "a.log"): "x" * 100_000})

        connection.execute("PRAGMA max_page_count = 100000")
        store.commit({("job", "a.log"): "1"})
        assert store.position("job", "a.log") == "1"


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


class TestForget:
    def test_drops_what_is_over(self, store: Store) -> None:
        """Old resolved alerts and settled letters go; what fires or waits stays."""
        store.commit({}, [alert("f1", state="resolved"), alert("f2")], [letter("f1")])
        claim = store.outbox.claim("hook", NOW)
        assert claim is not None
        store.outbox.delivered(claim.notification.id, NOW)
        store.commit({}, (), [letter("f2")])
        store.forget(NOW + 100)

        counts = [
            store._database.query(f"SELECT count(*) FROM {x}")[0][0] for x in ("alerts", "outbox")
        ]
        assert (counts, store.outbox.queue_length("hook")) == ([1, 1], 1)

    def test_drops_a_log(self, store: Store) -> None:
        """A log that is followed no more has no position."""
        store.commit({("job", "a.log"): "1"})
        store.forget_log("job", "a.log")

        assert store.position("job", "a.log") is None


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


class TestDamage:
    @pytest.mark.parametrize("content", [b"no database at all" * 100, None])
    def test_a_corrupt_file_is_set_aside(self, state_dir: Path, content: bytes | None) -> None:
        """Garbage, or a page written over (None), is kept beside a new beginning."""
        with Store(state_dir) as store:
            store.commit({("job", f"{x}.log"): "x" * 1000 for x in range(100)})
        path = state_dir / FILE_NAME
        data = path.read_bytes()
        path.write_bytes(content or data[:4096] + b"\xff" * (len(data) - 4096))

        with Store(state_dir) as store:
            found = store.set_aside, store.position("job", "1.log")
        assert found == (state_dir / f"{FILE_NAME}.corrupt-1", None)

    def test_each_corrupt_file_is_kept(self, state_dir: Path) -> None:
        """A second damage does not overwrite the first one's evidence."""
        for _ in range(2):
            Store(state_dir).close()
            (state_dir / FILE_NAME).write_bytes(b"no database at all" * 100)
        Store(state_dir).close()

        assert len(list(state_dir.glob("*.corrupt-[12]"))) == 2

    def test_a_newer_file_is_left_alone(self, state_dir: Path) -> None:
        """A file that a newer program wrote is refused, not set aside."""
        Store(state_dir).close()
        connection = sqlite3.connect(state_dir / FILE_NAME)
        connection.execute("PRAGMA user_version = 99")
        connection.close()

        with pytest.raises(StoreError, match=f"version 99, this program knows {len(MIGRATIONS)}"):
            Store(state_dir)

    def test_an_unusable_file_frees_the_lock(self, state_dir: Path) -> None:
        """After a failed start, another one is not refused as a second daemon."""
        (state_dir / FILE_NAME).mkdir(parents=True)

        for _ in range(2):
            with pytest.raises(StoreError, match="unable to open"):
                Store(state_dir)


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
