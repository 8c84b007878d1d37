"""Several rename rotations between two looks."""

from __future__ import annotations

import os

from tests.hazards.harness import NAN, NAN_ENDED, Hazard
from tests.hazards.writer import Training, rotate


class TestSeveralRotations:
    def test_one_run_through_all(self, hazard: Hazard) -> None:
        """Files that nobody saw under the log's name are read, in the order of their making."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            for _ in range(4):
                hazard.write(hazard.log, run.on())
                rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_a_run_in_each(self, hazard: Hazard) -> None:
        """Each file is a run of its own, and each one's nan is told and ended by the next."""
        hazard.write(hazard.log, Training().begin())
        hazard.start()

        with hazard.paused():
            for number in range(1, 4):
                rotate(hazard.log)
                run = Training(number)
                hazard.write(hazard.log, run.begin() + run.nan())

        hazard.expect(*[NAN] * 3, *[NAN_ENDED] * 2)

    def test_stamps_of_one_second(self, hazard: Hazard) -> None:
        """Where a coarse clock gives all files one time, every line is still read once."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            for _ in range(3):
                rotate(hazard.log)
                hazard.write(hazard.log, run.on())
            for path in hazard.folder.iterdir():
                os.utime(path, (1_795_500_000, 1_795_500_000))
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_of_a_file_that_was_seen_empty(self, hazard: Hazard) -> None:
        """The first of them was looked at before its first line: it is of the same run still."""
        hazard.configure(poll="50ms")
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()
        rotate(hazard.log, create=True)
        hazard.rounds()
        hazard.rounds()

        with hazard.paused():
            for data in (run.on(), run.nan(), run.nan()):
                hazard.write(hazard.log, data)
                rotate(hazard.log, create=True)
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)
