"""Rename rotation while no daemon runs."""

from __future__ import annotations

from signal import SIGKILL, SIGTERM, Signals

import pytest

from tests.hazards.harness import NAN, NAN_ENDED, Hazard
from tests.hazards.writer import Training, rotate


@pytest.mark.parametrize("number", [SIGTERM, SIGKILL])
class TestRenameWhileStopped:
    def test_once(self, hazard: Hazard, number: Signals) -> None:
        """What the old file got after the stop, and all of the new one, is read at the start."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.down(number):
            hazard.write(hazard.log, run.on())
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_to_a_name_of_its_own(self, hazard: Hazard, number: Signals) -> None:
        """Whatever the old file is called now, it is known by its inode and its content."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.down(number):
            hazard.write(hazard.log, run.on())
            hazard.log.rename(hazard.folder / "lenet-first-try.txt")
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_several_times(self, hazard: Hazard, number: Signals) -> None:
        """Files that came and went under the name are read as well."""
        run, other = Training(), Training(1)
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.down(number):
            hazard.write(hazard.log, run.on() + run.nan())
            for _ in range(3):
                rotate(hazard.log, create=True)
                hazard.write(hazard.log, other.on())

        hazard.expect(NAN, NAN_ENDED)

    def test_told_before(self, hazard: Hazard, number: Signals) -> None:
        """An alert told before the stop is not told again, though its file has another name."""
        run = Training()
        hazard.write(hazard.log, run.begin() + run.nan())
        hazard.start()

        with hazard.down(number):
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)
