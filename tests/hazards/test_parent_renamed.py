"""The log's folder is renamed away, and made anew."""

from __future__ import annotations

from tests.hazards.harness import NAN, NAN_ENDED, Hazard
from tests.hazards.writer import Training


class TestParentRenamed:
    def test_a_new_run_in_the_new_folder(self, hazard: Hazard) -> None:
        """The new log is read from its first line; the old file's last lines before that."""
        run, other = Training(), Training(1)
        hazard.configure(poll="500ms")
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            hazard.write(hazard.log, run.nan())
            hazard.folder.rename(hazard.folder.with_name("logs.old"))
            hazard.folder.mkdir()
            hazard.write(hazard.log, other.begin())

        hazard.expect(NAN, NAN_ENDED)

    def test_the_old_writer_goes_on(self, hazard: Hazard) -> None:
        """It writes into the folder that was renamed away; its lines are still its run's."""
        run, other = Training(), Training(1)
        hazard.configure(poll="500ms")
        with hazard.log.open("ab", buffering=0) as tee:
            hazard.write(tee, run.begin())
            hazard.start()
            hazard.folder.rename(hazard.folder.with_name("logs.old"))
            hazard.write(tee, run.on())
            hazard.caught_up()
            hazard.folder.mkdir()
            hazard.write(hazard.log, other.begin())
            hazard.caught_up()

            hazard.write(tee, run.nan())
            hazard.write(hazard.log, other.on())

        hazard.caught_up()
        hazard.expect_firing(NAN)

    def test_put_back(self, hazard: Hazard) -> None:
        """The same folder comes back under its name: the log is read on."""
        run = Training()
        hazard.configure(poll="500ms")
        hazard.write(hazard.log, run.begin())
        hazard.start()
        away = hazard.folder.with_name("logs.old")

        hazard.folder.rename(away)
        hazard.write(away / "train.log", run.on())
        hazard.rounds()
        away.rename(hazard.folder)
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_while_stopped(self, hazard: Hazard) -> None:
        """What the old folder's log got at last is out of reach; the new log is read as a whole."""
        hazard.write(hazard.log, Training().begin(6))
        hazard.start()
        other = Training(1)

        with hazard.down():
            hazard.folder.rename(hazard.folder.with_name("logs.old"))
            hazard.folder.mkdir()
            hazard.write(hazard.log, other.begin(1) + other.nan())

        hazard.expect(NAN)
