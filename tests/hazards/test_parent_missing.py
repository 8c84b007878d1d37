"""The log's folder does not exist when the daemon begins."""

from __future__ import annotations

import pytest

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training


@pytest.mark.parametrize("path", ["a/b/train.log", "a/b/*.log"])
class TestParentMissing:
    def test_made_later(self, hazard: Hazard, path: str) -> None:
        """Folder by folder it comes into being; then the log is followed as any other."""
        run = Training()
        hazard.configure(path)
        hazard.start()
        log = hazard.folder / "a" / "b" / "train.log"

        log.parent.parent.mkdir()
        hazard.rounds()
        log.parent.mkdir()
        hazard.write(log, run.begin())
        hazard.caught_up()
        hazard.write(log, run.nan())

        hazard.expect(NAN, last=log)

    def test_made_while_stopped(self, hazard: Hazard, path: str) -> None:
        """The second start is the first that sees the log; it is read from its first line."""
        run = Training()
        hazard.configure(path, start_at="end")
        hazard.start()
        log = hazard.folder / "a" / "b" / "train.log"

        with hazard.down():
            log.parent.mkdir(parents=True)
            hazard.write(log, run.begin() + run.nan())

        hazard.expect(NAN, last=log)
