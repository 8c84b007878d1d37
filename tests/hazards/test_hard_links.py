"""Hard links: one file under two names counts once."""

from __future__ import annotations

import os

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training


class TestHardLinks:
    def test_under_one_glob(self, hazard: Hazard) -> None:
        """Both names match; one of them is the log, the other no second one."""
        hazard.configure("*.log")
        run = Training()
        hazard.write(hazard.log, run.begin())
        os.link(hazard.log, hazard.folder / "link.log")
        hazard.start()

        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN, last=hazard.folder / "zz.log")

    def test_made_later_under_the_glob(self, hazard: Hazard) -> None:
        """A second name that comes while the first is followed brings nothing."""
        hazard.configure("*.log*")
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        os.link(hazard.log, hazard.folder / "another.log")
        os.link(hazard.log, hazard.folder / "train.log.1")
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN, last=hazard.folder / "zz.log")

    def test_as_a_rotation(self, hazard: Hazard) -> None:
        """A link is made, the log's own name deleted, a file made: a renaming in two steps."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        os.link(hazard.log, hazard.folder / "train.log.1")
        hazard.rounds()
        with hazard.log.open("ab", buffering=0) as tee:
            hazard.log.unlink()
            hazard.write(tee, run.on())
        hazard.write(hazard.log, run.on() + run.nan())

        hazard.expect(NAN)

    def test_through_a_restart(self, hazard: Hazard) -> None:
        """The link alone is left when the next daemon begins."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        os.link(hazard.log, hazard.folder / "train.log.1")
        hazard.start()

        with hazard.down():
            hazard.write(hazard.log, run.on())
            hazard.log.unlink()
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)
