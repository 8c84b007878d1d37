"""copytruncate: the log is copied away and emptied; its writer goes on in it."""

from __future__ import annotations

from tests.hazards.harness import NAN, NAN_ENDED, Hazard
from tests.hazards.writer import Training, copytruncate


class TestCopytruncate:
    def test_idle(self, hazard: Hazard) -> None:
        """All was read before: the copy brings nothing, and the run goes on in the emptied file."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        copytruncate(hazard.log)
        hazard.write(hazard.log, run.on())
        hazard.caught_up()
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_lines_only_the_copy_holds(self, hazard: Hazard) -> None:
        """What came between the last look and the copy is read from the copy, in order."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            hazard.write(hazard.log, run.on() + run.nan())
            copytruncate(hazard.log)
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_lines_only_the_copy_holds_and_silence(self, hazard: Hazard) -> None:
        """The emptied file stays empty: the copy is read at once all the same."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            hazard.write(hazard.log, run.on() + run.nan())
            copytruncate(hazard.log)

        hazard.expect(NAN)

    def test_twice_between_two_looks(self, hazard: Hazard) -> None:
        """The first copy continues what was read, the second is unread as a whole."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            hazard.write(hazard.log, run.on())
            copytruncate(hazard.log).rename(hazard.folder / "train.log.2")
            hazard.write(hazard.log, run.on())
            copytruncate(hazard.log)
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_while_stopped(self, hazard: Hazard) -> None:
        """The same lines are read from the copy by a daemon that begins later."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.down():
            hazard.write(hazard.log, run.on())
            copytruncate(hazard.log)
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_a_new_run_in_the_emptied_file(self, hazard: Hazard) -> None:
        """An alert that was told from the copy resolves with the next run."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            hazard.write(hazard.log, run.nan())
            copytruncate(hazard.log, "train.log-20261123")
        hazard.write(hazard.log, Training(1).begin())

        hazard.expect(NAN, NAN_ENDED)

    def test_again_and_again(self, hazard: Hazard) -> None:
        """Ten rounds with lines that only the copies hold."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        for number in range(10):
            with hazard.paused():
                hazard.write(hazard.log, run.on(1))
                copytruncate(hazard.log, f"train.log-{20261101 + number}")
                hazard.write(hazard.log, run.on(1))
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)
