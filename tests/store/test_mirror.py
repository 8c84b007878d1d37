"""The state while its file cannot be written, and after."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from caffewatch.store.errors import StoreError
from caffewatch.store.file import FILE_NAME
from caffewatch.store.outbox import Claim
from caffewatch.store.store import Store
from tests.store.faults import BUSY, FULL, IO_ERROR, READ_ONLY, FailingDisk
from tests.store.samples import NOW, alert, letter

FAULTS = pytest.mark.parametrize("fault", [FULL, IO_ERROR, READ_ONLY, BUSY])
LOG = ("job", "a.log")


def claim(store: Store) -> Claim:
    """Claim what must be there."""
    found = store.outbox.claim("hook", NOW)
    assert found is not None
    return found


def deliver_all(store: Store) -> list[str]:
    """Deliver what waits; return the ids."""
    ids = []
    while found := store.outbox.claim("hook", NOW + 100):
        ids.append(found.notification.id)
        store.outbox.delivered(found.notification.id, NOW)
    return ids


def killed(store: Store, state_dir: Path) -> Path:
    """Return what a process that ends now leaves behind."""
    return Path(shutil.copytree(state_dir, state_dir.with_name("left")))


class TestFailure:
    @FAULTS
    def test_letters_go_out_and_all_is_saved_later(
        self, store: Store, state_dir: Path, disk: type[FailingDisk], fault: int
    ) -> None:
        """Old letters and new ones; once the disk is back, the file knows what was done."""
        store.commit({LOG: "1"}, [alert("f1")], [letter("f1")])
        disk.failure = fault
        store.commit({LOG: "2"}, [alert("f2")], [letter("f2", "g2")])
        sent = deliver_all(store)
        assert (len(sent), store.outbox.queue_length("hook")) == (2, 0)
        assert "injected" in (store.trouble or "")

        disk.failure = None
        store.tend()
        assert store.trouble is None
        store.close()

        with Store(state_dir) as again:
            found = again.position(*LOG), len(again.firing()), deliver_all(again)
        assert found == ("2", 2, [])

    @pytest.mark.parametrize("spared", range(8))
    @pytest.mark.parametrize("commits", [False, True])
    def test_wherever_in_a_transaction_it_begins(
        self, store: Store, state_dir: Path, disk: type[FailingDisk], spared: int, commits: bool
    ) -> None:
        """A commit that fails halfway, or that is written though it fails, is done once."""
        disk.failure, disk.spared, disk.commits = FULL, spared, commits
        store.commit({LOG: "1"}, [alert()], [letter()])
        found = claim(store)
        store.outbox.retry(found.notification.id, NOW, "503")
        disk.failure = None
        store.tend()
        store.close()

        with Store(state_dir) as again:
            found_again = claim(again)
        assert found_again == Claim(found.notification, 1, NOW)

    def test_a_failed_write_of_a_worker_is_enough(
        self, store: Store, disk: type[FailingDisk]
    ) -> None:
        """A claim or settlement that cannot be written does not hold up the delivery."""
        store.commit({}, (), [letter("f1"), letter("f2", "g2")])
        disk.failure = FULL

        assert len(deliver_all(store)) == 2
        assert store.errors == 1

    def test_a_message_on_its_way_when_it_begins(
        self, store: Store, state_dir: Path, disk: type[FailingDisk]
    ) -> None:
        """It is settled where the others look, and is not sent again."""
        store.commit({}, (), [letter()])
        found = claim(store)
        disk.failure = FULL
        store.commit({}, (), [letter("f2", "g2")])
        store.outbox.delivered(found.notification.id, NOW)
        second = deliver_all(store)
        disk.failure = None
        store.tend()

        assert (len(second), deliver_all(store)) == (1, [])

    def test_a_message_on_its_way_when_it_ends(
        self, store: Store, disk: type[FailingDisk], state_dir: Path
    ) -> None:
        """It keeps its id and its tries, and is settled in the file."""
        disk.failure = FULL
        store.commit({}, (), [letter()])
        first = claim(store)
        store.outbox.retry(first.notification.id, NOW, "503")
        second = claim(store)
        disk.failure = None
        store.tend()
        store.commit({}, (), [letter("f2")])
        third = claim(store)
        store.outbox.delivered(third.notification.id, NOW)
        left = killed(store, state_dir)

        assert second == third == Claim(first.notification, 1, NOW)
        with Store(left) as again:
            assert [x.fingerprint for x in claim(again).notification.alerts] == ["f2"]

    def test_dead_letters_are_kept(self, store: Store, disk: type[FailingDisk]) -> None:
        """What was given up on meanwhile is listed after, and can be revived."""
        disk.failure = FULL
        store.commit({}, (), [letter()])
        id = claim(store).notification.id
        store.outbox.dead(id, "404", NOW)
        disk.failure = None
        store.tend()

        assert [x.notification.id for x in store.outbox.dead_letters()] == [id]
        assert store.outbox.revive(id)
        assert deliver_all(store) == [id]

    def test_a_letter_is_taken_once(self, store: Store, disk: type[FailingDisk]) -> None:
        """What was delivered before is not taken again, and order is kept."""
        store.commit({}, (), [letter("f1")])
        deliver_all(store)
        store.commit({}, (), [letter("f2")])
        disk.failure = FULL
        store.commit({}, (), [letter("f1"), letter("f2"), letter("f3")])
        disk.failure = None
        store.tend()

        assert [x.fingerprint for x in claim(store).notification.alerts] == ["f2", "f3"]

    def test_killed_meanwhile(self, store: Store, state_dir: Path, disk: type[FailingDisk]) -> None:
        """The next process starts where the file stands, and sends the letter under its id."""
        store.commit({LOG: "1"})
        disk.failure = FULL
        store.commit({LOG: "2"}, [alert()], [letter()])
        sent = deliver_all(store)
        left = killed(store, state_dir)

        with Store(left) as again:
            assert (again.position(*LOG), again.outbox.queue_length("hook")) == ("1", 0)
            again.commit({LOG: "2"}, [alert()], [letter()])
            assert deliver_all(again) == sent

    def test_a_clean_end_saves_if_it_can(
        self, store: Store, state_dir: Path, disk: type[FailingDisk]
    ) -> None:
        """Without waiting for the next try."""
        disk.failure = FULL
        store.commit({LOG: "1"})
        disk.failure = None
        store.close()

        with Store(state_dir) as again:
            assert again.position(*LOG) == "1"

    def test_every_try_counts(
        self, store: Store, disk: type[FailingDisk], caplog: pytest.LogCaptureFixture
    ) -> None:
        """The log says it once, and says when it is over."""
        disk.failure = FULL
        store.commit({LOG: "1"})
        store.tend()
        store.tend()
        disk.failure = None
        store.tend()

        assert store.errors == 3
        assert [x.split(":")[0] for x in caplog.messages] == [
            "state not saved, going on in memory and trying again",
            "state saved again",
        ]

    def test_what_cannot_be_stored_is_no_fault_of_the_disk(self, store: Store) -> None:
        """It is refused whole, and the file is not given up for it."""
        with pytest.raises(StoreError, match="surrogates not allowed"):
            store.commit({LOG: "1"}, (), [letter(receiver="\udcff")])

        assert (store.trouble, store.errors, store.position(*LOG)) == (None, 0, None)

    def test_one_who_only_looks_in_is_told(
        self, store: Store, state_dir: Path, disk: type[FailingDisk]
    ) -> None:
        """A command that cannot write says so instead of going on in memory."""
        store.commit({}, (), [letter()])
        store.outbox.dead(claim(store).notification.id, "404", NOW)
        with Store(state_dir, exclusive=False, factory=disk) as other:
            disk.failure = FULL
            with pytest.raises(StoreError, match="injected"):
                other.outbox.revive(other.outbox.dead_letters()[0].notification.id)


class TestRealFailures:
    def test_no_room(self, store: Store, state_dir: Path) -> None:
        """SQLite's own SQLITE_FULL, and room again."""
        connection = store._mirror._file._connection
        assert connection is not None
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

        store.commit({LOG: "x" * 100_000}, (), [letter()])
        assert "full" in (store.trouble or "")
        deliver_all(store)
        store.tend()
        store.close()

        with Store(state_dir) as again:
            assert (again.position(*LOG), deliver_all(again)) == ("x" * 100_000, [])

    def test_locked_by_another(self, store: Store, state_dir: Path) -> None:
        """A backup that holds the write lock for long holds up nobody."""
        other = sqlite3.connect(state_dir / FILE_NAME, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        store.commit({LOG: "1"}, (), [letter()])
        sent = deliver_all(store)
        store.tend()
        assert "locked" in (store.trouble or "")
        other.execute("ROLLBACK")
        other.close()
        store.tend()

        assert (len(sent), store.trouble, deliver_all(store)) == (1, None, [])


class TestStart:
    def test_a_disk_that_can_only_be_read(self, state_dir: Path, disk: type[FailingDisk]) -> None:
        """The daemon knows what it knew, and goes on in memory until the disk is back."""
        with Store(state_dir) as store:
            store.commit({LOG: "1"}, [alert()], [letter()])
        disk.failure = READ_ONLY
        with Store(state_dir, factory=disk) as store:
            assert (store.position(*LOG), len(store.firing())) == ("1", 1)
            assert store.errors == 1
            sent = deliver_all(store)
            disk.failure = None
            store.tend()

        with Store(state_dir) as again:
            assert (len(sent), deliver_all(again)) == (1, [])

    def test_a_disk_without_room_for_a_first_file(
        self, state_dir: Path, disk: type[FailingDisk]
    ) -> None:
        """It begins in memory, and is saved later."""
        disk.failure = FULL
        with Store(state_dir, factory=disk) as store:
            store.commit({LOG: "1"})
            disk.failure = None
            store.tend()

        with Store(state_dir) as again:
            assert again.position(*LOG) == "1"

    def test_a_file_that_cannot_be_read(self, state_dir: Path, disk: type[FailingDisk]) -> None:
        """Without it, people would be told again of everything: it is refused, with the reason."""
        Store(state_dir).close()
        disk.failure, disk.reads = IO_ERROR, True

        with pytest.raises(StoreError, match=r"injected.*must be readable, or be moved away"):
            Store(state_dir, factory=disk)

    def test_a_newer_file_on_a_disk_that_can_only_be_read(
        self, state_dir: Path, disk: type[FailingDisk]
    ) -> None:
        """It is refused as ever."""
        Store(state_dir).close()
        with sqlite3.connect(state_dir / FILE_NAME) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
        disk.failure = READ_ONLY

        with pytest.raises(StoreError, match="newer caffewatch"):
            Store(state_dir, factory=disk)


class TestOthers:
    def test_a_revived_letter_is_seen(self, store: Store, state_dir: Path) -> None:
        """What a command has queued again is found by the next look, and goes out once."""
        store.commit({}, (), [letter()])
        id = claim(store).notification.id
        store.outbox.dead(id, "404", NOW)
        before = store.tend()
        with Store(state_dir, exclusive=False) as other:
            other.outbox.revive(id)

        assert (before, store.tend(), store.tend()) == (False, True, False)
        assert (deliver_all(store), store.outbox.dead_letters()) == ([id], [])

    def test_a_write_between_finds_it_too(self, store: Store, state_dir: Path) -> None:
        """A commit takes over what came before it."""
        store.commit({}, (), [letter()])
        id = claim(store).notification.id
        store.outbox.dead(id, "404", NOW)
        with Store(state_dir, exclusive=False) as other:
            other.outbox.revive(id)
        store.commit({}, (), [letter("f2")])

        assert deliver_all(store)[0] == id


class TestMemory:
    def test_what_has_resolved_is_kept_on_disk_only(self, store: Store, state_dir: Path) -> None:
        """An old firing edge that comes after it changes nothing in the file."""
        store.commit({}, [alert(), alert(state="resolved")])
        store.tend()
        store.commit({}, [alert()])
        store.close()

        with Store(state_dir) as again:
            assert again.firing() == []
