from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.logs import healthy
from tests.service.harness import NOW, Followed

HOUR = 3600.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write a healthy log whose run goes on."""
    path = tmp_path / "train.log"
    path.write_bytes(healthy().data)
    os.utime(path, (NOW, NOW))
    return path


class TestSilence:
    def test_a_log_that_falls_silent_is_a_stall(self, path: Path) -> None:
        """Told once, when it has lasted longer than the run's rhythm explains."""
        followed = Followed(path)
        followed.look()
        followed.look(after=HOUR)
        followed.look(after=HOUR)

        assert followed.told == [("stall", "", "firing")]

    def test_it_is_over_when_a_line_comes(self, path: Path) -> None:
        """What goes on was no stall."""
        followed = Followed(path)
        followed.look()
        followed.look(after=HOUR)
        log = healthy(6)
        path.write_bytes(log.data)
        followed.look()

        assert followed.told == [("stall", "", "firing"), ("stall", "", "resolved")]

    def test_a_step_of_the_clock_is_none(self, path: Path) -> None:
        """Nor is it the end of one."""
        log = Followed(path).log
        log.look(NOW, NOW)

        told = [
            [(x.rule, x.state) for x in log.look(now, steady).alerts]
            for now, steady in [
                (NOW + 9 * HOUR, NOW + 10), (NOW + HOUR, NOW + HOUR), (NOW - HOUR, NOW + HOUR + 1),
            ]
        ]  # fmt: skip

        assert told == [[], [("stall", "firing")], []]

    def test_it_goes_on_after_a_restart(self, path: Path) -> None:
        """By a clock that was set back it has hardly begun."""
        followed = Followed(path)
        followed.look()
        followed.look(after=HOUR)
        followed.restart()
        followed.look(after=-HOUR)

        assert followed.told == [("stall", "", "firing")] * 2
        assert len({x.fingerprint for x in followed.alerts}) == 1
        assert [x.rule for x in followed.log.firing()] == ["stall"]

    def test_a_run_that_has_ended_may_be_silent(self, tmp_path: Path) -> None:
        """Nobody waits for a line after the end."""
        log = healthy()
        log.done()
        path = tmp_path / "train.log"
        path.write_bytes(log.data)
        os.utime(path, (NOW, NOW))
        followed = Followed(path)
        followed.look()
        followed.look(after=10 * HOUR)

        assert followed.told == []

    def test_an_old_log_is_no_stall(self, path: Path) -> None:
        """A log that was silent for long when it was first seen is shown, and that is all."""
        followed = Followed(path, ignore_older=HOUR)
        os.utime(path, (NOW - 2 * HOUR, NOW - 2 * HOUR))
        followed.look()
        followed.look(after=10 * HOUR)

        assert followed.told == []

    def test_the_picture_says_so(self, path: Path) -> None:
        """The state of a run that does not go on is stalled."""
        followed = Followed(path)
        followed.look()
        followed.look(after=HOUR)
        picture = followed.log.snapshot(blobs=False)

        assert picture is not None
        assert picture.run is not None
        assert picture.run.state == "stalled"
