"""Rename rotation with ``nocreate``: for a while there is no file at the path."""

from __future__ import annotations

from tests.hazards.harness import NAN, NAN_ENDED, Hazard
from tests.hazards.writer import Training, rotate


class TestRenameNocreate:
    def test_a_new_run_makes_the_file(self, hazard: Hazard) -> None:
        """The next run's file is read from its first line; the old run's alert ends."""
        hazard.write(hazard.log, Training().begin())
        hazard.start()
        with hazard.log.open("ab", buffering=0) as tee:
            moved = rotate(hazard.log)
            run = Training(1)
            hazard.write(tee, b"a word of the old writer\n")
        hazard.caught_up()

        hazard.write(hazard.log, run.begin() + run.nan())

        hazard.expect(NAN)
        assert moved.exists()

    def test_the_run_makes_the_file(self, hazard: Hazard) -> None:
        """A writer that reopens goes on with its run in the new file."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        rotate(hazard.log)
        hazard.rounds()
        hazard.write(hazard.log, run.on() + run.nan())
        hazard.write(hazard.log, Training(1).begin())

        hazard.expect(NAN, NAN_ENDED)

    def test_no_file_for_long(self, hazard: Hazard) -> None:
        """A daemon that has found the path empty again and again takes the next file all the same.

        It is started while there is none.
        """
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()
        rotate(hazard.log)

        with hazard.down():
            pass
        hazard.caught_up()
        hazard.write(hazard.log, run.on() + run.nan())

        hazard.expect(NAN)
