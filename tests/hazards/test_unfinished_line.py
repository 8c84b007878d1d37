"""A last line without its end: it waits, or is flushed by itself, and is never glued."""

from __future__ import annotations

import os
from signal import SIGKILL, SIGTERM, Signals

import pytest

from tests.hazards.harness import NAN, NAN_ENDED, Hazard
from tests.hazards.writer import Training, copytruncate, rotate


@pytest.fixture
def run(hazard: Hazard) -> Training:
    """Return a run that the log has begun with."""
    run = Training()
    hazard.write(hazard.log, run.begin())
    return run


class TestUnfinishedLine:
    def test_completed_later(self, hazard: Hazard, run: Training) -> None:
        """Byte by byte: the line counts once it has its end."""
        hazard.start()

        with hazard.log.open("ab", buffering=0) as tee:
            for byte in run.nan()[:200]:
                hazard.write(tee, bytes([byte]))
            hazard.rounds()
            hazard.write(tee, run.nan())

        hazard.expect(NAN)

    @pytest.mark.parametrize("number", [SIGTERM, SIGKILL])
    def test_completed_after_a_restart(
        self, hazard: Hazard, run: Training, number: Signals
    ) -> None:
        """The next process takes the line in as a whole: the block that it is in is complete."""
        hazard.start()
        block = run.nan()

        hazard.write(hazard.log, block[:-700])
        with hazard.down(number):
            hazard.write(hazard.log, block[-700:-690])
        hazard.caught_up()
        hazard.write(hazard.log, block[-690:])

        hazard.expect(NAN)

    def test_rotated_away(self, hazard: Hazard, run: Training) -> None:
        """The fragment counts as a line by itself; the next file's first line is read as it is."""
        hazard.start()

        hazard.write(hazard.log, run.on(1) + b"I1123 07:14:46.0 12345 solver.cpp:218] Iter")
        hazard.rounds()
        rotate(hazard.log, create=True)
        hazard.write(hazard.log, run.nan())
        hazard.written += 1

        hazard.expect(NAN)

    def test_rotated_away_before_a_new_run(self, hazard: Hazard, run: Training) -> None:
        """The new run begins with its own first line, under its own identity."""
        other = Training(1)
        hazard.write(hazard.log, run.nan() + b"half a li")
        hazard.start()

        with hazard.paused():
            rotate(hazard.log)
            hazard.write(hazard.log, other.begin() + other.nan())
        hazard.written += 1

        hazard.expect(NAN, NAN_ENDED, NAN)
        assert hazard.metric("caffe_run_info", net="mlp") == 1

    def test_rotated_away_while_stopped(self, hazard: Hazard, run: Training) -> None:
        """The fragment was not saved as read; it is read again, and flushed then."""
        hazard.start()
        hazard.write(hazard.log, b"half a li")
        hazard.rounds()

        with hazard.down():
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.nan())
        hazard.written += 1

        hazard.expect(NAN)

    def test_copied_away(self, hazard: Hazard, run: Training) -> None:
        """The copy ends in a fragment whose other half stands at the head of the emptied log.

        They are two files, and so two lines.
        """
        hazard.start()

        with hazard.paused():
            hazard.write(hazard.log, run.on(1) + b"half a li")
            copytruncate(hazard.log)
            hazard.write(hazard.log, b"ne\n" + run.nan())
        hazard.written += 1

        hazard.expect(NAN)

    def test_truncated(self, hazard: Hazard, run: Training) -> None:
        """What was read of it is flushed: its end will not come."""
        hazard.start()
        other = Training(1)

        hazard.write(hazard.log, run.on() + b"half a li")
        hazard.caught_up()
        os.truncate(hazard.log, 0)
        hazard.write(hazard.log, other.begin() + other.nan())
        hazard.written += 1

        hazard.expect(NAN)

    def test_deleted(self, hazard: Hazard, run: Training) -> None:
        """The fragment of a deleted file is flushed once the next file has come."""
        hazard.start()
        other = Training(1)

        hazard.write(hazard.log, run.nan() + b"half a li")
        hazard.caught_up()
        hazard.log.unlink()
        hazard.write(hazard.log, other.begin())
        hazard.written += 1

        hazard.expect(NAN, NAN_ENDED)
