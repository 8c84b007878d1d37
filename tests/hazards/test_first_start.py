"""The first start on a folder with years of logs: read and shown, and nobody is told."""

from __future__ import annotations

import os

import pytest

from tests.hazards.harness import NAN, NAN_ENDED, Hazard
from tests.hazards.writer import Training, rotate

LONG_AGO = 1_600_000_000


@pytest.fixture
def runs(hazard: Hazard) -> list[Training]:
    """Return the runs of five logs: old ones, each with a nan and silent since.

    Their series would leave the metrics at once, so they are held there.
    """
    hazard.configure("*.log")
    hazard.daemon.configure(metrics={"retire_after": "1000000h"})
    runs = [Training(number) for number in range(5)]
    for number, run in enumerate(runs):
        path = hazard.folder / f"{number}.log"
        hazard.write(path, run.begin() + run.nan())
        os.utime(path, (LONG_AGO, LONG_AGO))
    return runs


class TestFirstStart:
    def test_silent(self, hazard: Hazard, runs: list[Training]) -> None:
        """Every line is counted; only the log that is written to today is told of."""
        run = Training(9)
        hazard.write(hazard.log, run.begin() + run.nan())
        hazard.start()

        hazard.rounds()

        hazard.expect(NAN)
        assert hazard.metric("caffe_run_info", log=str(hazard.folder / "3.log"), net="mlp") == 1

    def test_silent_after_a_restart(self, hazard: Hazard, runs: list[Training]) -> None:
        """What nobody was told at the first start is no news at the second."""
        hazard.start()

        with hazard.down():
            hazard.write(hazard.log, Training(9).begin())

        hazard.expect()

    def test_one_that_wakes_up(self, hazard: Hazard, runs: list[Training]) -> None:
        """A new run in an old log is told of; the end of the old alert is not, as nobody heard."""
        hazard.start()
        run = Training(9)

        hazard.write(hazard.folder / "2.log", run.begin())
        hazard.caught_up()
        hazard.write(hazard.folder / "2.log", run.nan())
        hazard.write(hazard.folder / "2.log", Training(10).begin())

        hazard.expect(NAN, NAN_ENDED)

    def test_one_that_wakes_up_while_stopped(self, hazard: Hazard, runs: list[Training]) -> None:
        """Between two processes as well."""
        hazard.start()
        run = Training(9)

        with hazard.down():
            hazard.write(hazard.folder / "2.log", run.begin() + run.nan())

        hazard.expect(NAN)


class TestBeforeTheFirstByte:
    REASON = "nothing is saved before the first byte, so the second start counts as the first"

    def test_an_empty_log_rotated_while_stopped(self, hazard: Hazard) -> None:
        """The first process saw it empty; what was written and rotated since is read."""
        run = Training()
        hazard.log.touch()
        hazard.start()
        hazard.rounds()

        with hazard.down():
            hazard.write(hazard.log, run.begin())
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)
