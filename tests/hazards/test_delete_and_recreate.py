"""The log is deleted, and a file of its name is made again."""

from __future__ import annotations

from tests.hazards.harness import NAN, NAN_ENDED, Hazard
from tests.hazards.writer import Training


class TestDeleteAndRecreate:
    def test_at_once(self, hazard: Hazard) -> None:
        """Between two looks: the first line of the new file is not skipped."""
        hazard.write(hazard.log, Training().begin())
        hazard.start()
        run = Training(1)

        with hazard.paused():
            hazard.log.unlink()
            hazard.write(hazard.log, run.begin() + run.nan())

        hazard.expect(NAN)

    def test_last_lines_of_the_deleted_file(self, hazard: Hazard) -> None:
        """What was written right before the deletion is read: the file is still open."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            hazard.write(hazard.log, run.nan())
            hazard.log.unlink()
            hazard.write(hazard.log, Training(1).begin())

        hazard.expect(NAN, NAN_ENDED)

    def test_while_the_path_is_empty_for_long(self, hazard: Hazard) -> None:
        """The daemon has looked at the empty path; it reads the whole of what comes then."""
        hazard.write(hazard.log, Training().begin(6))
        hazard.start()
        run = Training(1)

        hazard.log.unlink()
        hazard.rounds()
        hazard.write(hazard.log, run.begin(1) + run.nan())

        hazard.expect(NAN)

    def test_the_writer_keeps_the_deleted_file(self, hazard: Hazard) -> None:
        """Lines written to a file without a name are read on, as part of their run."""
        run = Training()
        with hazard.log.open("ab", buffering=0) as tee:
            hazard.write(tee, run.begin())
            hazard.start()

            hazard.log.unlink()
            hazard.rounds()
            hazard.write(tee, run.on() + run.nan())
            hazard.caught_up()
            hazard.write(hazard.log, Training(1).begin())

        hazard.expect(NAN, NAN_ENDED)

    def test_while_stopped(self, hazard: Hazard) -> None:
        """The new file is longer than the old one was: nothing of it is skipped."""
        hazard.write(hazard.log, Training().begin(1))
        hazard.start()
        run = Training(1)

        with hazard.down():
            hazard.log.unlink()
            hazard.write(hazard.log, run.begin(6) + run.nan())

        hazard.expect(NAN)

    def test_deleted_while_stopped_and_made_later(self, hazard: Hazard) -> None:
        """A daemon that begins without the log reads all of the one that comes."""
        hazard.write(hazard.log, Training().begin())
        hazard.start()
        run = Training(1)

        with hazard.down():
            hazard.log.unlink()
        hazard.rounds()
        hazard.write(hazard.log, run.begin() + run.nan())

        hazard.expect(NAN)

    def test_an_alert_of_the_deleted_run(self, hazard: Hazard) -> None:
        """It was told before the stop; the new run that the next daemon finds ends it."""
        run = Training()
        hazard.write(hazard.log, run.begin() + run.nan())
        hazard.start()

        with hazard.down():
            hazard.log.unlink()
            hazard.write(hazard.log, Training(1).begin())

        hazard.expect(NAN, NAN_ENDED)
