"""Rotation after rotation, for as long as logrotate has been at it: nothing piles up."""

from __future__ import annotations

import os
from pathlib import Path

from caffewatch.tail.streams import MAX_FILES
from tests import soak
from tests.hazards.harness import LAST, Hazard
from tests.hazards.writer import Training, rotate

ROTATIONS = 90
KEPT = 5
SPARE = 3
"""Descriptors that may have come up meanwhile: a connection, a file just being looked at."""


class TestRenameMany:
    def test_no_descriptor_is_left_behind(self, hazard: Hazard) -> None:
        """Deleted files are held for as long as somebody may write to them, but only so many."""
        hazard.write(hazard.log, Training().begin())
        hazard.start()
        before = descriptors(hazard)

        for number in range(soak.count("SOAK_ROTATIONS", ROTATIONS)):
            rotate(hazard.log, create=number % 2 == 0)
            (hazard.folder / f"train.log.{KEPT + 1}").unlink(missing_ok=True)
            hazard.write(hazard.log, LAST.replace(b"000000", b"%06d" % number))
            if number % 3 == 0:
                hazard.caught_up()

        hazard.expect()
        assert descriptors(hazard) <= before + MAX_FILES + SPARE


def descriptors(hazard: Hazard) -> int:
    """Count what the daemon has open."""
    return len(os.listdir(Path("/proc") / str(hazard.daemon.process.pid) / "fd"))
