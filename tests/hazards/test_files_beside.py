"""Files beside a log at first sight that look like its rotations: they are not read."""

from __future__ import annotations

import pytest

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training, copytruncate, rotate

NAMES = ("train.log.1", "train.log.2", "train.log-20261101", "train.log.bak", "train.log.out")


@pytest.fixture
def run(hazard: Hazard) -> Training:
    """Write a log with old files beside it, each with a nan that nobody is to hear of."""
    for number, name in enumerate(NAMES):
        old = Training(100 + number)
        (hazard.folder / name).write_bytes(old.begin() + old.nan())
    run = Training()
    hazard.write(hazard.log, run.begin())
    return run


class TestFilesBeside:
    def test_while_nothing_happens(self, hazard: Hazard, run: Training) -> None:
        """The log alone is read, by this process and the next."""
        hazard.start()

        with hazard.down():
            hazard.write(hazard.log, run.on())
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_renamed_along(self, hazard: Hazard, run: Training) -> None:
        """The old rotations move up by one; they are as old as before."""
        hazard.start()

        with hazard.paused():
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.on())
            rotate(hazard.log, create=True)
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_renamed_along_while_stopped(self, hazard: Hazard, run: Training) -> None:
        """The same between two processes."""
        hazard.start()

        with hazard.down():
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.on())
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_beside_copies(self, hazard: Hazard, run: Training) -> None:
        """A copy is looked for among them; the right one is taken."""
        hazard.start()

        with hazard.paused():
            hazard.write(hazard.log, run.on())
            copytruncate(hazard.log, "train.log-20261123")
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_one_that_grows(self, hazard: Hazard, run: Training) -> None:
        """Somebody writes to one of them; it is no more the log's than it was."""
        hazard.start()

        with (hazard.folder / "train.log.out").open("ab") as file:
            file.write(Training(200).begin())
        hazard.rounds()
        rotate(hazard.log, create=True)
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_a_stranger_that_comes_later(self, hazard: Hazard, run: Training) -> None:
        """A file that is put beside the log while nothing is rotated is not its rotation."""
        hazard.start()
        other = Training(200)

        (hazard.folder / "train.log.notes").write_bytes(other.begin() + other.nan())
        hazard.rounds()
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)
