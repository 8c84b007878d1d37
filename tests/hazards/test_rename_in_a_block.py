"""Rename rotation in the middle of a debug_info block: the run goes on in the new file."""

from __future__ import annotations

import pytest

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training, rotate


@pytest.mark.parametrize("cut", [1, 2, 15, 28])
class TestRenameInABlock:
    def test_seen(self, hazard: Hazard, cut: int) -> None:
        """The block's halves are put together again, whichever line is the last in the old file."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        block = run.nan().splitlines(keepends=True)
        hazard.start()

        hazard.write(hazard.log, b"".join(block[:cut]))
        hazard.caught_up()
        rotate(hazard.log, create=True)
        hazard.write(hazard.log, b"".join(block[cut:]) + run.on(1))

        hazard.expect(NAN)

    def test_while_stopped(self, hazard: Hazard, cut: int) -> None:
        """The same with a daemon that begins after it."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        block = run.nan().splitlines(keepends=True)
        hazard.start()

        hazard.write(hazard.log, b"".join(block[:cut]))
        with hazard.down():
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, b"".join(block[cut:]) + run.on(1))

        hazard.expect(NAN)
