"""``start_at: end``: of files that are there at the very first start only what comes is read."""

from __future__ import annotations

from signal import SIGKILL, SIGTERM, Signals

import pytest

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training, rotate


@pytest.fixture
def run(hazard: Hazard) -> Training:
    """Return a run whose beginning, with a nan, is not to be read."""
    hazard.configure("*.log", start_at="end")
    run = Training()
    hazard.log.write_bytes(run.begin() + run.nan())
    return run


class TestStartAtEnd:
    def test_only_what_comes(self, hazard: Hazard, run: Training) -> None:
        """A later nan is told, an earlier one is not."""
        hazard.start()
        assert hazard.lines() == hazard.written

        hazard.write(hazard.log, run.on())
        hazard.caught_up()
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_an_unfinished_last_line(self, hazard: Hazard, run: Training) -> None:
        """It is not at an end yet: it counts when it is."""
        with hazard.log.open("ab") as file:
            file.write(b"half a li")
        hazard.start()

        hazard.write(hazard.log, b"ne\n" + run.nan())

        hazard.expect(NAN)

    def test_a_log_that_comes_later(self, hazard: Hazard, run: Training) -> None:
        """It was not there at the start, and is read from its first line."""
        hazard.start()
        other = Training(1)

        hazard.write(hazard.folder / "later.log", other.begin() + other.nan())

        hazard.expect(NAN)

    def test_rotated(self, hazard: Hazard, run: Training) -> None:
        """The next file is read from its first line, the old one's unread end before it."""
        hazard.start()
        other = Training(1)

        with hazard.paused():
            hazard.write(hazard.log, run.on())
            rotate(hazard.log)
            hazard.write(hazard.log, other.begin() + other.nan())

        hazard.expect(NAN)

    @pytest.mark.parametrize("number", [SIGTERM, SIGKILL])
    def test_written_while_stopped(self, hazard: Hazard, run: Training, number: Signals) -> None:
        """The second start is not the first: what came in between is read."""
        hazard.start()
        hazard.write(hazard.log, run.on())

        with hazard.down(number):
            hazard.write(hazard.log, run.on() + run.nan())

        hazard.expect(NAN)

    def test_written_while_stopped_for_the_first_time(self, hazard: Hazard, run: Training) -> None:
        """The same where the first process saw no new line at all."""
        hazard.start()

        with hazard.down():
            hazard.write(hazard.log, run.on() + run.nan())

        hazard.expect(NAN)
