"""``kill -9`` in the midst of what happens to a file: no alert is lost, none told twice."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.hazards.harness import NAN, NAN_ENDED, Hazard
from tests.hazards.writer import Training, copytruncate, lines, rotate

DELAYS = (0.0, 0.003, 0.01, 0.03, 0.1)
Step = Callable[[Hazard, Training], None]


def rename(hazard: Hazard, run: Training) -> None:
    """Rotate, and go on in a new file."""
    hazard.write(hazard.log, run.on())
    rotate(hazard.log, create=True)
    hazard.write(hazard.log, run.nan())


def rename_several(hazard: Hazard, run: Training) -> None:
    """Rotate three times; the nan is in a file that is the log's for a moment only.

    Nobody sees a file of these empty: that is a hazard of its own, in test_rename_several.py.
    """
    for data in (run.on(), run.nan(), run.nan()):
        rotate(hazard.log)
        hazard.written += lines(data)
        hazard.replace(hazard.log, data)


def copy(hazard: Hazard, run: Training) -> None:
    """Copy and truncate; the nan is in the copy."""
    hazard.write(hazard.log, run.on() + run.nan())
    copytruncate(hazard.log)
    hazard.write(hazard.log, run.nan())


def append(hazard: Hazard, run: Training) -> None:
    """Write on in pieces that are cut anywhere."""
    data = run.on() + run.nan()
    for start in range(0, len(data), 777):
        hazard.write(hazard.log, data[start : start + 777])


@pytest.mark.parametrize("delay", DELAYS)
class TestKill:
    @pytest.mark.parametrize("step", [rename, rename_several, copy, append])
    def test_one_alert(self, hazard: Hazard, step: Step, delay: float) -> None:
        """Wherever the process dies, the nan is told under one id; no line counts twice."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.killed_after(delay):
            step(hazard, run)

        hazard.expect_told(NAN)

    def test_both_edges(self, hazard: Hazard, delay: float) -> None:
        """The alert of a run, and its end by the next one in a truncated file."""
        run, other = Training(), Training(1)
        hazard.write(hazard.log, run.begin() + run.nan())
        hazard.start()
        hazard.caught_up()

        with hazard.killed_after(delay):
            hazard.write(hazard.log, run.nan())
            copytruncate(hazard.log)
            hazard.write(hazard.log, other.begin())

        hazard.expect_told(NAN, NAN_ENDED)

    def test_again_and_again(self, hazard: Hazard, delay: float) -> None:
        """Killed five times in a row while the log is rotated by each writer's turn."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        for _ in range(5):
            with hazard.killed_after(delay):
                hazard.write(hazard.log, run.on(1))
                rotate(hazard.log, create=True)
                hazard.write(hazard.log, run.on(1))
        hazard.write(hazard.log, run.nan())

        hazard.expect_told(NAN)
        assert os.path.exists(hazard.folder / "train.log.5")
