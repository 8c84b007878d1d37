from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Signal

import pytest

from caffewatch.detect.finding import Finding
from caffewatch.log.events import Ended, Iteration, RunStarted
from caffewatch.service.follow import follow
from caffewatch.service.following import FollowedFile, Seen
from tests.logs import CaffeLog


def iterations(seen: list[Seen]) -> list[int]:
    """Return the displays among what was seen."""
    return [x.iteration for x in seen if isinstance(x, Iteration)]


def findings(seen: list[Seen]) -> list[tuple[str, str]]:
    """Return the findings among what was seen."""
    return [(x.rule, x.state) for x in seen if isinstance(x, Finding)]


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[FollowedFile]:
    """Follow a log that is not there as yet."""
    source = FollowedFile(str(tmp_path / "train.log"))
    yield source
    source.close()


class TestFollow:
    def test_until_the_end(self, tmp_path: Path) -> None:
        """Ends when training has, and a finding stands behind the event that showed it."""
        log = CaffeLog.started()
        log.display(0)
        log.display(10, {"ip1": "nan"})
        log.done()
        (tmp_path / "a.log").write_bytes(log.data)

        seen = list(follow(tmp_path / "a.log", until_end=True))

        assert isinstance(seen[0], RunStarted)
        assert isinstance(seen[-1], Ended)
        assert iterations(seen) == [0, 10]
        assert findings(seen) == [("non_finite", "firing")]

    def test_goes_on_with_the_next_run(self, tmp_path: Path) -> None:
        """An end that another run follows is no end."""
        log = CaffeLog.started()
        log.display(0)
        log.done()
        log.set_up()
        log.display(0)
        path = tmp_path / "a.log"
        path.write_bytes(log.data)
        stop = Signal()

        seen = []
        for number, event in enumerate(follow(path, until_end=True, stop=stop, poll=0.01)):
            seen.append(event)
            if isinstance(event, Iteration) and iterations(seen) == [0, 0]:
                log.done()
                path.write_bytes(log.data)
            assert number < 1000

        assert sum(isinstance(x, RunStarted) for x in seen) == 2
        assert isinstance(seen[-1], Ended)

    def test_stops_when_asked(self, tmp_path: Path) -> None:
        """Though the log is not even there."""
        stop = Signal()
        stop.set()

        assert list(follow(tmp_path / "gone.log", stop=stop)) == []


class TestFollowedFile:
    def test_a_log_that_comes_late(self, followed: FollowedFile, tmp_path: Path) -> None:
        """Is waited for, and why is told."""
        assert list(followed.look(0.0)) == []
        assert followed.problem == f"{tmp_path / 'train.log'}: no such file"

        log = CaffeLog.started()
        log.display(0)
        (tmp_path / "train.log").write_bytes(log.data)

        assert iterations(list(followed.look(1.0))) == [0]
        assert followed.problem is None

    def test_rotation_in_the_midst_of_a_run(self, followed: FollowedFile, tmp_path: Path) -> None:
        """The run goes on in the next file, and its fault is found once."""
        log = CaffeLog.started()
        log.displays([0, 10])
        begin = len(log.data)
        log.display(20, {"ip1": "nan"})
        log.display(30, {"ip1": "nan"})
        path = tmp_path / "train.log"
        path.write_bytes(log.data[:begin])

        seen = list(followed.look(0.0))
        os.rename(path, tmp_path / "train.log.1")
        path.write_bytes(log.data[begin:])
        for now in (1.0, 2.0, 3.0):
            seen += followed.look(now)

        assert iterations(seen) == [0, 10, 20, 30]
        assert findings(seen) == [("non_finite", "firing")]

    def test_silence(self, followed: FollowedFile, tmp_path: Path) -> None:
        """Is judged by the wall clock, and over with the next line."""
        log = CaffeLog.started()
        for number in range(0, 50, 10):
            log.display(number)
            log.pass_time(1)
        path = tmp_path / "train.log"
        path.write_bytes(log.data)
        begin = path.stat().st_mtime

        told = findings([*followed.look(begin), *followed.look(begin + 86400)])
        log.display(50)
        path.write_bytes(log.data)
        told += findings(list(followed.look(begin + 86401)))

        assert told == [("stall", "firing"), ("stall", "resolved")]
