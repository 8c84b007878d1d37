from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from caffewatch.config.settings import Job
from caffewatch.service.roster import FORGET_AFTER, Roster
from caffewatch.store.store import Store
from tests.logs import CaffeLog
from tests.service.harness import NOW, job, settings
from tests.tail.harness import append


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open the state."""
    with Store(tmp_path / "state") as store:
        yield store


def roster(store: Store, folder: Path, *jobs: Job) -> Roster:
    """Make a roster that nothing wakes."""
    return Roster(settings(folder, *jobs), store, None)


def names(found: Roster) -> list[tuple[str, str]]:
    """Return job and file name of all logs."""
    return [(log.key[0], Path(log.key[1]).name) for log in found]


class TestDiscover:
    def test_a_single_log_need_not_be_there(self, store: Store, tmp_path: Path) -> None:
        """It is followed from the start, and its job is said to have none."""
        found = roster(store, tmp_path, job(tmp_path / "train.log"))

        found.discover()

        assert names(found) == [("mnist", "train.log")]
        assert [x.name for x in found.absent()] == ["mnist"]
        (tmp_path / "train.log").touch()
        assert found.absent() == []

    def test_only_what_is_new_is_returned(self, store: Store, tmp_path: Path) -> None:
        """A log that was found once stays, even while its file is gone."""
        found = roster(store, tmp_path, job(tmp_path / "*.log"))
        (tmp_path / "a.log").touch()
        assert len(found.discover()) == 1
        (tmp_path / "a.log").unlink()
        (tmp_path / "b.log").touch()

        new = found.discover()

        assert [x.key[1] for x in new] == [str(tmp_path / "b.log")]
        assert names(found) == [("mnist", "a.log"), ("mnist", "b.log")]

    def test_a_rotated_file_is_no_new_log(self, store: Store, tmp_path: Path) -> None:
        """Though the glob matches it: its lines were read under the first name."""
        found = roster(store, tmp_path, job(tmp_path / "*.log*"))
        log = tmp_path / "train.log"
        append(log, CaffeLog.started().data)
        (followed,) = found.discover()
        followed.look(NOW)
        log.rename(tmp_path / "train.log.old-one")
        append(log, b"more\n")
        followed.look(NOW + 1)

        assert found.discover() == []
        found.close()

    def test_two_jobs_may_share_a_log(self, store: Store, tmp_path: Path) -> None:
        """Each has its own alerts, and an event is about both."""
        log = tmp_path / "train.log"
        found = roster(store, tmp_path, job(log, "a"), job(log, "b"))

        found.discover()

        assert [x.key[0] for x in found.at(str(log))] == ["a", "b"]
        assert found.at(str(tmp_path / "other")) == []


class TestEvents:
    @pytest.mark.parametrize(
        "name", ["train.log", "train.log.1", "train.log-20261123", "train.log.2026-11-23.gz"]
    )
    def test_what_may_be_a_rotation_is_about_the_log(
        self, store: Store, tmp_path: Path, name: str
    ) -> None:
        """By its name; the log itself then tells whether it is one."""
        found = roster(store, tmp_path, job(tmp_path / "train.log"))
        found.discover()

        assert [x.key[0] for x in found.at(str(tmp_path / name))] == ["mnist"]

    @pytest.mark.parametrize("name", ["train.txt", "trainXlog", "other/train.log", "train"])
    def test_other_files_are_not(self, store: Store, tmp_path: Path, name: str) -> None:
        """Nobody need look for their sake."""
        found = roster(store, tmp_path, job(tmp_path / "train.log"))
        found.discover()

        assert found.at(str(tmp_path / name)) == []

    def test_what_may_be_a_new_log(self, store: Store, tmp_path: Path) -> None:
        """A file in a job's folder, or one that its glob matches."""
        found = roster(
            store, tmp_path, job(tmp_path / "all", "a"), job(tmp_path / "some" / "*.log", "b")
        )

        assert found.might_have(str(tmp_path / "all" / "any"))
        assert found.might_have(str(tmp_path / "some" / "x.log"))
        assert not found.might_have(str(tmp_path / "some" / "x.txt"))
        assert not found.might_have(str(tmp_path / "none" / "x.log"))


class TestGone:
    def test_a_log_that_is_gone_for_a_day(self, store: Store, tmp_path: Path) -> None:
        """It is followed no more, unless a job names it."""
        for name in ("named.log", "found.log"):
            (tmp_path / name).touch()
        found = roster(
            store, tmp_path, job(tmp_path / "named.log", "a"), job(tmp_path / "f*.log", "b")
        )
        for log in found.discover():
            log.look(NOW)
        for name in ("named.log", "found.log"):
            (tmp_path / name).unlink()
        for log in found:
            log.look(NOW + 1)

        assert found.gone(NOW + FORGET_AFTER) == []
        assert [x.key[0] for x in found.gone(NOW + 1 + FORGET_AFTER)] == ["b"]
        assert names(found) == [("a", "named.log")]
        assert found.at(str(tmp_path / "found.log")) == []
        found.close()

    def test_a_folder_that_was_missing_at_first(self, store: Store, tmp_path: Path) -> None:
        """Once it is there its logs are followed, and it is no log itself."""
        found = roster(store, tmp_path, job(tmp_path / "logs"))
        found.discover()
        (tmp_path / "logs").mkdir()
        (tmp_path / "logs" / "train.log").touch()
        found.discover()
        for log in found:
            log.look(NOW)

        assert len(found.gone(NOW)) == 1
        assert names(found) == [("mnist", "train.log")]
        assert found.discover() == []
        found.close()


class TestSaved:
    def test_goes_on_where_the_last_process_was(self, store: Store, tmp_path: Path) -> None:
        """What that one read is neither told nor counted again."""
        log = tmp_path / "train.log"
        append(log, CaffeLog.started().data)
        first = roster(store, tmp_path, job(log))
        (followed,) = first.discover()
        followed.look(NOW)
        position = followed.position()
        assert position is not None
        store.commit({followed.key: position})
        first.close()

        (again,) = roster(store, tmp_path, job(log)).discover()
        again.look(NOW)

        assert again.stats().lines == 0
        assert again.stats().position == os.stat(log).st_size
        again.follower.close()

    def test_a_damaged_position_starts_anew(
        self, store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The log says so; reading all again tells nobody twice, since alerts have identities."""
        log = tmp_path / "train.log"
        append(log, b"one\n")
        store.commit({("mnist", str(log)): "{}"})

        (followed,) = roster(store, tmp_path, job(log)).discover()
        followed.look(NOW)

        assert followed.stats().lines == 1
        assert "read position lost" in caplog.text
        followed.follower.close()
