"""A writer that goes on in the renamed file: a tee or a redirect never reopens."""

from __future__ import annotations

from contextlib import ExitStack
from io import FileIO
from signal import SIGKILL

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training, rotate


class TestOldWriter:
    def test_beside_an_empty_log(self, hazard: Hazard) -> None:
        """Logrotate made a new file that nobody writes to."""
        run = Training()
        with hazard.log.open("ab", buffering=0) as tee:
            hazard.write(tee, run.begin())
            hazard.start()

            rotate(hazard.log, create=True)
            hazard.write(tee, run.on())
            hazard.caught_up()
            hazard.write(tee, run.nan())

        hazard.expect(NAN)

    def test_beside_a_new_run(self, hazard: Hazard) -> None:
        """The old run's late nan is told as the old run's; the new run stays healthy."""
        old, new = Training(), Training(1)
        with hazard.log.open("ab", buffering=0) as tee:
            hazard.write(tee, old.begin())
            hazard.start()
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, new.begin())
            hazard.caught_up()

            hazard.write(tee, old.on())
            hazard.write(hazard.log, new.on())
            hazard.write(tee, old.nan())
            hazard.write(hazard.log, new.on())

        hazard.caught_up()
        hazard.expect_firing(NAN)
        assert hazard.metric("caffe_non_finite_values") == 0

    def test_after_many_further_rotations(self, hazard: Hazard) -> None:
        """Twelve rotations of files that others wrote do not end the reading of the first."""
        old = Training()
        with hazard.log.open("ab", buffering=0) as tee:
            hazard.write(tee, old.begin())
            hazard.start()

            for number in range(1, 13):
                rotate(hazard.log, create=True)
                hazard.write(hazard.log, Training(number).begin(1))
                hazard.caught_up()
            hazard.write(tee, old.on())
            hazard.caught_up()
            hazard.write(tee, old.nan())

        hazard.caught_up()
        hazard.expect_firing(NAN)

    def test_in_another_folder(self, hazard: Hazard) -> None:
        """Logrotate's olddir: the writer goes on where the file was moved to, through restarts."""
        run = Training()
        hazard.folder.joinpath("old").mkdir()
        with hazard.log.open("ab", buffering=0) as tee:
            hazard.write(tee, run.begin())
            hazard.start()
            hazard.log.rename(hazard.folder / "old" / "train.log.1")
            hazard.write(hazard.log, run.on())
            hazard.caught_up()

            for _ in range(2):
                with hazard.down(SIGKILL):
                    hazard.write(tee, run.on())
                hazard.caught_up()
            hazard.write(tee, run.nan())

        hazard.expect(NAN)

    def test_several_old_writers(self, hazard: Hazard) -> None:
        """Three files are rotated away, and all three are written to by turns."""
        runs = [Training(number) for number in range(3)]
        with ExitStack() as stack:
            tees: list[FileIO] = []
            for run in runs:
                tees.append(stack.enter_context(hazard.log.open("ab", buffering=0)))
                hazard.write(tees[-1], run.begin())
                if len(tees) == 1:
                    hazard.start()
                hazard.caught_up()
                rotate(hazard.log, create=True)
            for _ in range(3):
                for tee, run in zip(tees, runs, strict=True):
                    hazard.write(tee, run.on(1))

            hazard.write(tees[0], runs[0].nan())
            hazard.write(tees[2], runs[2].nan())

        hazard.caught_up()
        hazard.expect_firing(NAN, NAN)

    def test_while_stopped(self, hazard: Hazard) -> None:
        """What the old writer adds while no daemon runs is read by the next one."""
        old, new = Training(), Training(1)
        with hazard.log.open("ab", buffering=0) as tee:
            hazard.write(tee, old.begin())
            hazard.start()
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, new.begin())

            with hazard.down():
                hazard.write(tee, old.on() + old.nan())
            hazard.caught_up()
            hazard.write(tee, old.on())

        hazard.caught_up()
        hazard.expect_firing(NAN)
