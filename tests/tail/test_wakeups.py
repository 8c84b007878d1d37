"""File events as a nudge."""

import errno
import logging
import queue
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchdog.observers.api import BaseObserver

from caffewatch.tail.wakeups import Wakeups
from tests.patience import PATIENCE
from tests.tail.harness import append


@pytest.fixture
def woken() -> "queue.Queue[str]":
    """Return the paths that were passed on."""
    return queue.Queue()


@pytest.fixture
def wakeups(woken: "queue.Queue[str]") -> Iterator[Wakeups]:
    """Start to watch, with room for two folders."""
    wakeups = Wakeups(woken.put, max_folders=2)
    wakeups.start()
    yield wakeups
    wakeups.stop()


class TestWakeups:
    def test_a_written_log_wakes(
        self, wakeups: Wakeups, woken: "queue.Queue[str]", log: Path
    ) -> None:
        """An append is passed on with the log's path."""
        append(log, b"one\n")
        wakeups.follow(str(log))
        append(log, b"two\n")

        assert woken.get(timeout=PATIENCE) == str(log)

    def test_a_new_file_wakes(
        self, wakeups: Wakeups, woken: "queue.Queue[str]", tmp_path: Path
    ) -> None:
        """A file that appears in a watched folder is passed on."""
        wakeups.watch(str(tmp_path))
        (tmp_path / "new.log").touch()

        assert woken.get(timeout=PATIENCE) == str(tmp_path / "new.log")

    def test_a_folder_made_anew_wakes(
        self, wakeups: Wakeups, woken: "queue.Queue[str]", tmp_path: Path
    ) -> None:
        """A watch belongs to the folder, not to its name."""
        folder = tmp_path / "logs"
        folder.mkdir()
        wakeups.watch(str(folder))
        folder.rename(tmp_path / "away")
        folder.mkdir()

        wakeups.watch(str(folder))

        (folder / "new.log").touch()
        assert woken.get(timeout=PATIENCE) == str(folder / "new.log")

    def test_a_renamed_file_wakes_under_both_names(
        self, wakeups: Wakeups, woken: "queue.Queue[str]", log: Path
    ) -> None:
        """A rotation is passed on for the old name and the new."""
        append(log, b"one\n")
        wakeups.follow(str(log))
        log.rename(log.with_name("train.log.1"))

        paths = {woken.get(timeout=PATIENCE), woken.get(timeout=PATIENCE)}
        assert paths == {str(log), str(log) + ".1"}

    def test_a_written_target_wakes_its_link(
        self, wakeups: Wakeups, woken: "queue.Queue[str]", tmp_path: Path
    ) -> None:
        """A log that is a link into another folder is woken by what is written there."""
        target = tmp_path / "elsewhere" / "caffe.log"
        target.parent.mkdir()
        target.touch()
        link = tmp_path / "caffe.INFO"
        link.symlink_to(target)
        wakeups.follow(str(link))
        append(target, b"one\n")

        assert woken.get(timeout=PATIENCE) == str(link)

    def test_reading_does_not_wake(
        self, wakeups: Wakeups, woken: "queue.Queue[str]", log: Path
    ) -> None:
        """Our own reads are no news: the next event is the next write."""
        append(log, b"one\n")
        wakeups.follow(str(log))
        log.read_bytes()
        (log.parent / "last").touch()

        assert woken.get(timeout=PATIENCE) == str(log.parent / "last")

    def test_more_folders_than_the_limit_are_polled(
        self, wakeups: Wakeups, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Beyond the cap nothing is watched, which is reported, and logged once."""
        for name in "abcd":
            (tmp_path / name).mkdir()
            wakeups.watch(str(tmp_path / name))

        assert wakeups.problem == f"{tmp_path}/d and later folders: over the limit of 2 watches"
        assert len(caplog.records) == 1

    def test_a_system_without_watches_is_polled(
        self, wakeups: Wakeups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        """When the system refuses a watch, nothing fails; it is said once."""

        def refuse(*args: object, **kwargs: object) -> None:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")

        monkeypatch.setattr(BaseObserver, "schedule", refuse)
        wakeups.watch(str(tmp_path))

        assert wakeups.problem == f"{tmp_path}: [Errno 28] inotify watch limit reached"
        assert [x.levelno for x in caplog.records] == [logging.WARNING]

    def test_a_missing_folder_is_left_for_later(self, wakeups: Wakeups, tmp_path: Path) -> None:
        """A folder that is not there yet is no failure."""
        wakeups.watch(str(tmp_path / "later"))

        assert wakeups.problem is None

    def test_stopping_what_never_started_is_fine(self) -> None:
        """Stop may be called at any time."""
        wakeups = Wakeups(print)
        wakeups.stop()

        assert wakeups.problem is None


def test_the_end_of_a_watch_is_no_error() -> None:
    """Whatever watchdog says of it would be a warning in the journal at each stop."""
    assert not logging.getLogger("watchdog.observers.inotify").isEnabledFor(logging.ERROR)
