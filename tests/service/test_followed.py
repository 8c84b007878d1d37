from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from caffewatch.service.monitors import HEAD_PATIENCE
from tests.logs import CaffeLog
from tests.service.harness import NOW, Followed
from tests.service.process import OtherRun
from tests.tail.harness import append

NAN = {"data": "nan"}
FIRING = ("non_finite", "data", "firing")
RESOLVED = ("non_finite", "data", "resolved")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name the log."""
    return tmp_path / "train.log"


@pytest.fixture
def followed(path: Path) -> Iterator[Followed]:
    """Follow the log, which is not there as yet."""
    log = Followed(path)
    yield log
    log.log.follower.close()


def count(*logs: CaffeLog) -> int:
    """Count the lines of logs."""
    return sum(x.data.count(b"\n") for x in logs)


class TestOneFile:
    def test_before_there_is_a_file(self, followed: Followed) -> None:
        """There is nothing to show, and that is no error."""
        assert followed.look() == []
        assert followed.log.condition == "missing"
        assert followed.log.snapshot(blobs=False) is None
        assert followed.log.last_written is None

    def test_a_finding_is_told_once(
        self, followed: Followed, path: Path, healthy: CaffeLog
    ) -> None:
        """With the time at which it was read."""
        healthy.display(100, NAN)
        append(path, healthy.data)

        (alert,) = followed.look()

        assert alert.starts_at == followed.now
        assert followed.look() == []
        assert followed.lines == count(healthy)

    def test_two_runs_in_one_file(self, followed: Followed, path: Path, healthy: CaffeLog) -> None:
        """The second run resolves what fired in the first, even within one read."""
        healthy.display(100, NAN)

        append(path, healthy.data + OtherRun.started().data)
        followed.look()

        assert followed.told == [FIRING, RESOLVED]


class TestRestart:
    def test_what_was_read_is_neither_told_nor_counted_again(
        self, followed: Followed, path: Path, healthy: CaffeLog
    ) -> None:
        """The picture is there again, with the alert still firing since it began."""
        healthy.display(100, NAN)
        append(path, healthy.data)
        (alert,) = followed.look()

        followed.restart()
        replayed = followed.look(after=60.0)

        assert replayed == []
        assert followed.lines == 0
        assert followed.iteration == 100
        append(path, OtherRun.started().data)
        (resolved,) = followed.look()
        assert (resolved.state, resolved.starts_at) == ("resolved", alert.starts_at)
        assert resolved.fingerprint == alert.fingerprint
        assert resolved.labels == alert.labels

    def test_every_cut_tells_the_same(self, tmp_path: Path, healthy: CaffeLog) -> None:
        """Restarted between any two pieces, everything is told once and counted once."""
        healthy.display(100, NAN)
        second = OtherRun.started()
        second.display(0, {"ip1": "inf"})
        data = healthy.data + second.data
        for size in (1000, 4999, len(data) // 2 + 7):
            path = tmp_path / f"{size}.log"
            followed, lines = Followed(path), 0
            for start in range(0, len(data), size):
                append(path, data[start : start + size])
                followed.look()
                lines += followed.lines
                followed.restart()
            followed.log.follower.close()

            assert followed.told == [FIRING, RESOLVED, ("non_finite", "ip1", "firing")]
            assert lines == count(healthy, second)

    def test_only_the_last_run_is_read_again(
        self, followed: Followed, path: Path, healthy: CaffeLog
    ) -> None:
        """Memory and time of a restart go with the run; it is the second all the same."""
        append(path, healthy.data + OtherRun.started().data)
        followed.look()

        for _ in range(2):
            followed.restart()
            followed.look()

            snapshot = followed.log.snapshot(blobs=False)
            assert snapshot is not None
            assert snapshot.run is not None
            assert snapshot.bytes == len(OtherRun.started().data)
            assert snapshot.lines == count(healthy, OtherRun.started())
            assert snapshot.run.ordinal == 2


def cut_in_two(followed: Followed, path: Path, healthy: CaffeLog) -> bytes:
    """Rotate a run's log, put foreign words in its place; return the run's lines to come."""
    append(path, healthy.data)
    followed.look()
    before = len(healthy.data)
    healthy.display(100, NAN)
    path.rename(f"{path}.1")
    append(path, b"some shell's words\n")
    followed.look()
    return healthy.data[before:]


class TestRotation:
    def test_a_run_goes_on_in_the_next_file(
        self, followed: Followed, path: Path, healthy: CaffeLog
    ) -> None:
        """One monitor reads both: the alert of the first file resolves in the second."""
        append(path, healthy.data)
        followed.look()
        before = len(healthy.data)
        healthy.display(100, NAN)

        path.rename(f"{path}.1")
        append(path, healthy.data[before:])
        (alert,) = followed.look()

        assert alert.annotations["iteration"] == "100"
        assert alert.labels["log"] == str(path)
        assert followed.lines == count(healthy)
        followed.restart()
        assert followed.look() == []
        assert followed.iteration == 100

    def test_a_successor_that_begins_a_run(
        self, followed: Followed, path: Path, healthy: CaffeLog
    ) -> None:
        """Gets its own monitor; what fired before resolves first."""
        healthy.display(100, NAN)
        append(path, healthy.data)
        followed.look()
        second = OtherRun.started()
        second.display(0, {"ip1": "inf"})

        path.rename(f"{path}.1")
        append(path, second.data)
        followed.look()

        assert followed.told == [FIRING, RESOLVED, ("non_finite", "ip1", "firing")]
        assert followed.iteration == 0

    def test_late_lines_belong_to_the_old_run(
        self, followed: Followed, path: Path, healthy: CaffeLog
    ) -> None:
        """They are told of, and do not hide the new run; in the end the old one is over."""
        append(path, healthy.data)
        followed.look()
        before = len(healthy.data)
        healthy.display(100, NAN)
        second = OtherRun.started()
        second.display(500)

        path.rename(f"{path}.1")
        append(path, second.data)
        followed.look()
        append(Path(f"{path}.1"), healthy.data[before:])
        followed.look()

        assert followed.told == [FIRING]
        assert followed.iteration == 500
        assert followed.lines == count(healthy, second)
        followed.look(after=2 * 3600.0)
        assert followed.told == [FIRING, RESOLVED]

    def test_the_year_of_a_log_that_is_not_at_its_path(
        self, followed: Followed, path: Path, healthy: CaffeLog
    ) -> None:
        """It is read on under its rotated name after a restart, and its stamps have no year."""
        append(path, healthy.data)
        followed.look()
        path.rename(path.with_name("train.log.1"))
        followed.restart()
        before = len(healthy.data)
        healthy.display(100, NAN)
        append(path.with_name("train.log.1"), healthy.data[before:])

        (alert,) = followed.look()

        assert alert.annotations["log_time"].startswith("2026-11-23")

    def test_it_is_open_whose_run_a_file_goes_on_with(
        self, followed: Followed, path: Path, healthy: CaffeLog
    ) -> None:
        """What waits for its first line of Caffe's is not taken in: a restart reads it again."""
        rest = cut_in_two(followed, path, healthy)

        assert followed.lines == count(healthy) - rest.count(b"\n")
        followed.restart()
        append(path, rest)
        followed.look()

        assert followed.told == [FIRING]
        assert followed.lines == 1 + rest.count(b"\n")

    def test_it_is_not_open_for_long(
        self, followed: Followed, path: Path, healthy: CaffeLog
    ) -> None:
        """Foreign words alone go on with the run, and are counted."""
        rest = cut_in_two(followed, path, healthy)

        followed.look(after=HEAD_PATIENCE)

        assert followed.lines == count(healthy) - rest.count(b"\n") + 1

    def test_a_file_of_foreign_words_between(
        self, followed: Followed, path: Path, healthy: CaffeLog
    ) -> None:
        """Does not part the run; its lines count when it is over."""
        rest = cut_in_two(followed, path, healthy)

        path.rename(f"{path}.2")
        append(path, rest)
        (alert,) = followed.look()

        assert alert.annotations["iteration"] == "100"
        followed.look(after=2 * 3600.0)
        assert followed.lines == count(healthy) + 1
        assert followed.log.position() is not None

    def test_a_fragment_stands_by_itself(
        self, followed: Followed, path: Path, healthy: CaffeLog
    ) -> None:
        """What a rotation cut off is neither lost nor put before the next file's first line."""
        append(path, healthy.data + b"I1123 07:14:46.000000 12345 solv")
        followed.look()
        before = len(healthy.data)
        healthy.display(100, NAN)

        path.rename(f"{path}.1")
        append(path, healthy.data[before:])
        followed.look()
        followed.look(after=5.0)

        assert followed.told == [FIRING]
        assert followed.lines == count(healthy) + 1


class TestIgnoreOlder:
    def test_silent_for_too_long(self, path: Path, healthy: CaffeLog) -> None:
        """Neither the old alert nor its end is told, not after a restart either."""
        healthy.display(100, NAN)
        append(path, healthy.data)
        os.utime(path, (NOW - 7200, NOW - 7200))
        followed = Followed(path, ignore_older=3600.0)
        followed.look()
        assert followed.log.quiet
        followed.restart()
        followed.look()

        append(path, OtherRun.started().data)
        followed.look()

        assert followed.told == []
        assert followed.log.last_written == followed.now
        followed.log.follower.close()

    def test_silent_for_less(self, path: Path, healthy: CaffeLog) -> None:
        """A log that was written just within the limit is told of."""
        healthy.display(100, NAN)
        append(path, healthy.data)
        os.utime(path, (NOW - 3598, NOW - 3598))
        followed = Followed(path, ignore_older=3600.0)

        followed.look()

        assert followed.told == [FIRING]
        followed.log.follower.close()
