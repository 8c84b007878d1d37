"""Rename rotation with ``create``: an empty file takes the log's place at once."""

from __future__ import annotations

from tests.hazards.harness import NAN, NAN_ENDED, Hazard
from tests.hazards.writer import Training, rotate


class TestRenameCreate:
    def test_the_run_goes_on(self, hazard: Hazard) -> None:
        """The nan in the second file belongs to the run that began in the first."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        rotate(hazard.log, create=True)
        hazard.write(hazard.log, run.on())
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)
        assert hazard.metric("caffe_run_info", net="mlp") == 1

    def test_last_lines_just_before(self, hazard: Hazard) -> None:
        """What was written between the last look and the renaming is read from the old file."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            hazard.write(hazard.log, run.nan())
            rotate(hazard.log, create=True)
        hazard.write(hazard.log, Training(1).begin())

        hazard.expect(NAN, NAN_ENDED)

    def test_again_and_again(self, hazard: Hazard) -> None:
        """Five rotations, each seen, with a run that goes on through all of them."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        for _ in range(5):
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.on())
            hazard.caught_up()
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)
        assert hazard.metric("caffewatch_rotations_total", kind="rotated") == 5
