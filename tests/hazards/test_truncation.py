"""Truncation in place: the file is emptied without a copy, and grows again."""

from __future__ import annotations

import os

from tests.hazards.harness import NAN, NAN_ENDED, Hazard
from tests.hazards.writer import Training


class TestTruncation:
    def test_begun_anew(self, hazard: Hazard) -> None:
        """A shorter file is read from its first line; the old run's alert ends."""
        run, other = Training(), Training(1)
        hazard.write(hazard.log, run.begin(5) + run.nan())
        hazard.start()

        os.truncate(hazard.log, 0)
        hazard.write(hazard.log, other.begin(1))

        hazard.expect(NAN, NAN_ENDED)

    def test_regrown_past_the_old_offset(self, hazard: Hazard) -> None:
        """Between two looks the new run has written more than the old one had."""
        run, other = Training(), Training(1)
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            os.truncate(hazard.log, 0)
            hazard.write(hazard.log, other.begin(6) + other.nan())

        hazard.expect(NAN)

    def test_regrown_with_the_same_first_bytes(self, hazard: Hazard) -> None:
        """The same head, longer than any fingerprint: what came before the position differs."""
        run, other = Training(), Training()
        head = run.begin(1)
        hazard.write(hazard.log, head + run.on(4))
        hazard.start()

        with hazard.paused():
            os.truncate(hazard.log, 0)
            hazard.write(hazard.log, other.begin(1) + other.nan() + b"\n" + other.on(9))

        hazard.expect(NAN, NAN_ENDED)

    def test_regrown_while_stopped(self, hazard: Hazard) -> None:
        """A daemon that begins later sees it by the bytes before its saved position."""
        run, other = Training(), Training(1)
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.down():
            os.truncate(hazard.log, 0)
            hazard.write(hazard.log, other.begin(6) + other.nan())

        hazard.expect(NAN)
