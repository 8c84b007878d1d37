"""A state file that is no good when the daemon starts, or that is lost under its hands."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from caffewatch.store.errors import StoreError
from caffewatch.store.file import FILE_NAME, LOCK_NAME
from caffewatch.store.lock import StateLock
from caffewatch.store.schema import MIGRATIONS
from caffewatch.store.store import Store
from tests.store.faults import CORRUPT, FailingDisk, checkpoint
from tests.store.samples import NOW, alert, letter

GARBAGE = b"no database at all" * 5000
ASIDE = f"{FILE_NAME}.set-aside-"
LOG = ("job", "a.log")


class TestStart:
    @pytest.mark.parametrize("content", [GARBAGE, None])
    def test_a_corrupt_file_is_set_aside(self, state_dir: Path, content: bytes | None) -> None:
        """Garbage, or a page written over (None), is kept beside a new beginning, and counted."""
        with Store(state_dir) as store:
            store.commit({("job", f"{x}.log"): "x" * 1000 for x in range(100)})
        path = state_dir / FILE_NAME
        data = path.read_bytes()
        path.write_bytes(content or data[:4096] + b"\xff" * (len(data) - 4096))

        with Store(state_dir) as store:
            found = store.set_aside, store.position("job", "1.log"), store.errors, store.trouble
        assert found == (state_dir / f"{ASIDE}1", None, 1, None)

    def test_each_corrupt_file_is_kept(self, state_dir: Path) -> None:
        """A second damage does not overwrite the first one's evidence."""
        for _ in range(2):
            Store(state_dir).close()
            (state_dir / FILE_NAME).write_bytes(GARBAGE)
        Store(state_dir).close()

        assert len(list(state_dir.glob(f"{ASIDE}[12]"))) == 2

    def test_a_file_with_other_tables_is_set_aside(self, state_dir: Path) -> None:
        """A database that says it is ours and is not."""
        state_dir.mkdir()
        with closing(sqlite3.connect(state_dir / FILE_NAME)) as connection:
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

        with Store(state_dir) as store:
            store.commit({LOG: "1"})
            assert store.set_aside == state_dir / f"{ASIDE}1"

    def test_an_empty_file_is_a_beginning(self, state_dir: Path) -> None:
        """There is nothing in it to be kept."""
        state_dir.mkdir()
        (state_dir / FILE_NAME).touch()

        with Store(state_dir) as store:
            store.commit({LOG: "1"})
            assert (store.set_aside, store.position(*LOG)) == (None, "1")

    @pytest.mark.parametrize("ending", ["-wal", "-shm"])
    def test_garbage_beside_the_file(self, state_dir: Path, ending: str) -> None:
        """What does not belong to the file is not read."""
        with Store(state_dir) as store:
            store.commit({LOG: "1"})
        (state_dir / f"{FILE_NAME}{ending}").write_bytes(GARBAGE)

        with Store(state_dir) as store:
            assert (store.set_aside, store.position(*LOG)) == (None, "1")

    def test_a_newer_file_is_left_alone(self, state_dir: Path) -> None:
        """A file that a newer program wrote is refused, not set aside."""
        Store(state_dir).close()
        with closing(sqlite3.connect(state_dir / FILE_NAME)) as connection:
            connection.execute("PRAGMA user_version = 99")

        with pytest.raises(StoreError, match=f"version 99, this program knows {len(MIGRATIONS)}"):
            Store(state_dir)

    def test_a_folder_in_its_place_frees_the_lock(self, state_dir: Path) -> None:
        """After a failed start, another one is not refused as a second daemon."""
        (state_dir / FILE_NAME).mkdir(parents=True)

        for _ in range(2):
            with pytest.raises(StoreError, match="unable to open"):
                Store(state_dir)

    def test_one_who_only_looks_in_sets_nothing_aside(self, state_dir: Path) -> None:
        """The file may be a running daemon's."""
        state_dir.mkdir()
        (state_dir / FILE_NAME).write_bytes(GARBAGE)

        with pytest.raises(StoreError, match="not a database"):
            Store(state_dir, exclusive=False)
        assert not list(state_dir.glob(f"{ASIDE}*"))


def remove(path: Path) -> None:
    """Remove the file."""
    path.unlink()


def remove_all(path: Path) -> None:
    """Remove the file and what belongs to it."""
    for part in path.parent.glob(f"{FILE_NAME}*"):
        part.unlink()


def remove_folder(path: Path) -> None:
    """Remove the folder, with the lock."""
    shutil.rmtree(path.parent)


def remove_wal(path: Path) -> None:
    """Remove the newest part."""
    path.with_name(f"{FILE_NAME}-wal").unlink()


def exchange(path: Path) -> None:
    """Put another daemon's file in its place."""
    other = path.parent.with_name("other")
    with Store(other) as store:
        store.commit({LOG: "other"})
    (other / FILE_NAME).replace(path)


def empty(path: Path) -> None:
    """Leave nothing in it."""
    path.write_bytes(b"")


def overwrite(path: Path) -> None:
    """Write garbage over it, and beyond its end."""
    with path.open("r+b") as file:
        file.write(GARBAGE)


LOSSES = pytest.mark.parametrize(
    "lose", [remove, remove_all, remove_folder, remove_wal, exchange, empty, overwrite]
)


class TestLoss:
    @LOSSES
    @pytest.mark.parametrize("idle", [True, False])
    def test_everything_needed_is_written_anew(
        self, store: Store, state_dir: Path, lose: Callable[[Path], None], idle: bool
    ) -> None:
        """By the next look, or the next commit: positions, what fires, waits, was told."""
        store.commit({LOG: "1"}, [alert("f1"), alert("f2", "g2")], [letter("f1")])
        told = store.outbox.claim("hook", NOW)
        assert told is not None
        store.outbox.delivered(told.notification.id, NOW)
        store.commit({LOG: "2"}, (), [letter("f2", "g2")])
        waits = store.outbox.claim("hook", NOW)
        checkpoint(state_dir / FILE_NAME)
        store.tend()
        lose(state_dir / FILE_NAME)
        if idle:
            store.tend()
        store.commit({LOG: "3"})
        assert (store.trouble, store.errors) == (None, 1)
        store.close()

        with Store(state_dir) as again:
            again.commit({}, (), [letter("f1")])
            assert again.position(*LOG) == "3"
            assert len(again.firing()) == 2
            assert again.told(["f1", "f2"]) == {("hook", "f1"): (0, NOW)}
            found = again.outbox.claim("hook", NOW)
            assert waits is not None
            assert found is not None
            assert found.notification == waits.notification

    def test_damage_that_a_commit_meets(
        self, store: Store, state_dir: Path, disk: type[FailingDisk]
    ) -> None:
        """The file is set aside, and the commit is in the new one."""
        store.commit({LOG: "1"})
        disk.failure = CORRUPT
        store.commit({LOG: "2"}, (), [letter()])
        assert store.set_aside == state_dir / f"{ASIDE}1"
        disk.failure = None
        store.tend()
        store.close()

        with Store(state_dir) as again:
            assert (again.position(*LOG), again.outbox.queue_length("hook")) == ("2", 1)

    def test_a_lock_that_is_gone_is_taken_again(self, store: Store, state_dir: Path) -> None:
        """Somebody removed its file; a second daemon is refused all the same."""
        (state_dir / LOCK_NAME).unlink()
        store.tend()

        with pytest.raises(StoreError, match="in use by another"):
            Store(state_dir)

    def test_a_folder_that_another_has_taken(self, store: Store, state_dir: Path) -> None:
        """Its file is not written any more, until the other has ended."""
        store.commit({LOG: "1"})
        (state_dir / LOCK_NAME).unlink()
        other = StateLock(state_dir / LOCK_NAME)
        store.commit({LOG: "2"})
        assert "in use by another" in (store.trouble or "")

        other.release()
        store.tend()

        assert store.trouble is None
