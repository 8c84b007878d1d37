"""The state is removed or damaged: what the log still holds is neither over nor something new."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hazards.harness import NAN, Hazard


def remove(state: Path) -> None:
    """Leave nothing of it, at once: a daemon that runs may write it anew at any moment."""
    shutil.rmtree(state.rename(state.with_name("lost")))


def damage(state: Path) -> None:
    """Leave its files, with other bytes in them."""
    for path in state.glob("caffewatch.sqlite*"):
        path.write_bytes(os.urandom(path.stat().st_size))


class TestStateLost:
    @pytest.mark.parametrize("lose", [remove, damage])
    def test_while_stopped(
        self, hazard: Hazard, tmp_path: Path, lose: Callable[[Path], None]
    ) -> None:
        """The log is read anew: its nan is told under the same id, and goes on firing."""
        run = hazard.start_with_nan()

        with hazard.down():
            lose(tmp_path / "state")
        hazard.written += hazard.log.read_bytes().count(b"\n") + 1  # and the probe's line
        hazard.caught_up()
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_while_it_runs(self, hazard: Hazard, tmp_path: Path) -> None:
        """It is written anew from memory: after a restart nothing is read or told again."""
        run = hazard.start_with_nan()

        remove(tmp_path / "state")
        hazard.write(hazard.log, run.nan())
        hazard.until((tmp_path / "state" / "caffewatch.sqlite").exists)
        with hazard.down():
            pass
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)
