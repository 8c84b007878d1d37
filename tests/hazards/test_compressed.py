"""Compressed rotations: a .gz appears beside the log, and what it was made from goes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training, rotate


def compress(path: Path) -> None:
    """Do as logrotate does: write the .gz, delete the file."""
    with gzip.open(f"{path}.gz", "wb") as file:
        file.write(path.read_bytes())
    path.unlink()


@pytest.mark.parametrize("path", ["train.log", "*.log*", ""])
class TestCompressed:
    def test_at_once(self, hazard: Hazard, path: str) -> None:
        """The .gz is neither read nor taken for a log."""
        hazard.configure(path)
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        rotate(hazard.log, create=True)
        compress(hazard.folder / "train.log.1")
        hazard.write(hazard.log, run.on() + run.nan())

        hazard.expect(NAN, last=hazard.log if path == "train.log" else hazard.folder / "zz.log")

    def test_a_round_later(self, hazard: Hazard, path: str) -> None:
        """With delaycompress the .1 stays for one round, and is gone after a restart."""
        hazard.configure(path)
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            hazard.write(hazard.log, run.on())
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.on())
        with hazard.down():
            compress(hazard.folder / "train.log.1")
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN, last=hazard.log if path == "train.log" else hazard.folder / "zz.log")
