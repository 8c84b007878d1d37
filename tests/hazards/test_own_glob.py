"""Rotated names that match the job's own glob: they are no logs of their own."""

from __future__ import annotations

import pytest

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training, copytruncate, rotate


@pytest.fixture
def run(hazard: Hazard) -> Training:
    """Return a run that the log has begun with, under a glob that rotations match."""
    hazard.configure("*.log*")
    run = Training()
    hazard.write(hazard.log, run.begin())
    return run


class TestOwnGlob:
    def test_renamed(self, hazard: Hazard, run: Training) -> None:
        """Three rotations; each file is read once, and the run goes on through all."""
        hazard.start()

        for _ in range(3):
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.on())
            hazard.caught_up()
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN, last=hazard.folder / "zz.log")

    def test_copied(self, hazard: Hazard, run: Training) -> None:
        """A copy's new lines are read, the rest of it is not."""
        hazard.start()

        with hazard.paused():
            hazard.write(hazard.log, run.on())
            copytruncate(hazard.log)
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN, last=hazard.folder / "zz.log")

    def test_copied_without_a_new_line(self, hazard: Hazard, run: Training) -> None:
        """A copy of what is known is not read again, though the emptied log stays empty."""
        hazard.start()

        copytruncate(hazard.log, "train.log-20261123")

        hazard.expect(last=hazard.folder / "zz.log")

    def test_renamed_while_stopped(self, hazard: Hazard, run: Training) -> None:
        """The daemon that begins later knows its file under the new name."""
        hazard.start()

        with hazard.down():
            hazard.write(hazard.log, run.on())
            rotate(hazard.log)
            hazard.write(hazard.log, run.on())
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN, last=hazard.folder / "zz.log")

    def test_renamed_to_a_name_of_its_own(self, hazard: Hazard, run: Training) -> None:
        """The file is still the log's, whatever it is called now; its late lines are read once."""
        hazard.start()

        with hazard.log.open("ab", buffering=0) as tee:
            hazard.log.rename(hazard.folder / "archive.log")
            hazard.write(tee, run.on())
            hazard.caught_up()
            hazard.write(tee, run.nan())

        hazard.expect(NAN, last=hazard.folder / "zz.log")

    def test_an_old_writer(self, hazard: Hazard, run: Training) -> None:
        """The renamed file grows on beside the new log, through a restart."""
        hazard.start()
        with hazard.log.open("ab", buffering=0) as tee:
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, Training(1).begin())
            hazard.write(tee, run.on())

            with hazard.down():
                hazard.write(tee, run.on())
            hazard.caught_up()
            hazard.write(tee, run.nan())

        hazard.caught_up()
        hazard.expect_firing(NAN, last=hazard.folder / "zz.log")
