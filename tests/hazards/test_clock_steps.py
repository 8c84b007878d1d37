"""The time of day is set while the daemon runs: of that follows nothing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.hazards.harness import NAN, Hazard
from tests.hazards.shifted import ShiftedClock
from tests.hazards.writer import Training, rotate

HOUR = 3600.0
STEPS = [(6 * HOUR, 0.0), (-6 * HOUR, 0.0), (HOUR / 3, -5 * HOUR), (400 * 24 * HOUR, 0.0)]
STAMP = re.compile(rb"^(\w)(\d{4} \d\d:\d\d:\d\d)", re.MULTILINE)
STALL, STALL_ENDED = ("stall", "firing"), ("stall", "resolved")


@pytest.fixture
def clock(hazard: Hazard, tmp_path: Path) -> ShiftedClock:
    """Give the daemon a clock that can be set."""
    return ShiftedClock(tmp_path, hazard.daemon)


def stamped(data: bytes, shift: float) -> bytes:
    """Move the stamps of lines, as the same step moves those of a training on the same machine."""

    def moved(found: re.Match[bytes]) -> bytes:
        stamp = datetime.strptime("2026" + found[2].decode(), "%Y%m%d %H:%M:%S")
        return found[1] + (stamp + timedelta(seconds=shift)).strftime("%m%d %H:%M:%S").encode()

    return STAMP.sub(moved, data)


class TestClockSteps:
    @pytest.mark.parametrize("steps", STEPS)
    def test_nothing_has_been_silent(
        self, hazard: Hazard, clock: ShiftedClock, steps: tuple[float, ...]
    ) -> None:
        """No stall fires, or resolves; nothing is told again, and no figure goes away."""
        run = hazard.start_with_nan()

        for shift in steps:
            clock.set(shift)
            hazard.rounds()
            hazard.write(hazard.log, stamped(run.nan(), min(shift, 6 * HOUR)))
            hazard.rounds()

        hazard.expect(NAN)

    def test_what_is_on_its_way_is_tried_on(self, hazard: Hazard, clock: ShiftedClock) -> None:
        """A receiver that was down is told seconds after it is back, not hours."""
        hazard.hook.answers[:] = [(503, {}, b""), (503, {}, b""), (200, {}, b"")]
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()
        hazard.write(hazard.log, run.nan())
        hazard.until(lambda: bool(hazard.hook.received))

        clock.set(-6 * HOUR)

        hazard.expect(NAN)

    def test_and_after_a_restart(self, hazard: Hazard, clock: ShiftedClock) -> None:
        """By the time of day the next try is hours away."""
        hazard.hook.answers[:] = [(503, {"Retry-After": "2"}, b""), (200, {}, b"")]
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()
        clock.set(6 * HOUR)
        hazard.rounds()
        hazard.write(hazard.log, run.nan())
        hazard.until(lambda: bool(hazard.hook.received))

        with hazard.down():
            clock.set(0.0)

        hazard.expect(NAN)

    def test_a_line_that_waits_for_its_end(self, hazard: Hazard, clock: ShiftedClock) -> None:
        """The writer of a rotated file has not had the minutes for it that the step was long."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()
        data = run.on()
        # For as long as it is open it has minutes, and not the two seconds that a test may take.
        with hazard.log.open("ab", buffering=0) as tee:
            hazard.write(tee, data[:-20])
            rotate(hazard.log, create=True)
            foreign = b"I1123 08:00:00.000000 12345 foreign.cpp:1] of another file\n"
            hazard.write(hazard.log, foreign)
            hazard.caught_up()

            clock.set(2 * HOUR)
            hazard.rounds()
            hazard.write(tee, data[-20:])
            hazard.caught_up()
            hazard.write(tee, run.nan())

        hazard.expect(NAN)


class TestStall:
    def silent(self, hazard: Hazard) -> Training:
        """Begin a run that falls silent, and wait until that is told."""
        stall = {"first": "1s", "least": "1s", "factor": 1.5}
        hazard.configure(poll="50ms", rules={"stall": stall})
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()
        hazard.until(lambda: hazard.told() == [STALL])
        return run

    @pytest.mark.parametrize("shift", [6 * HOUR, -6 * HOUR])
    def test_goes_on_through_a_step(
        self, hazard: Hazard, clock: ShiftedClock, shift: float
    ) -> None:
        """One that fires is neither over nor another one."""
        run = self.silent(hazard)

        clock.set(shift)
        hazard.rounds()
        assert hazard.told() == [STALL]
        hazard.write(hazard.log, run.on() + run.done())

        hazard.expect(STALL, STALL_ENDED)

    @pytest.mark.parametrize("shift", [HOUR / 4, -6 * HOUR])
    def test_goes_on_through_a_step_and_a_restart(
        self, hazard: Hazard, clock: ShiftedClock, shift: float
    ) -> None:
        """Even where the log was written in the future, by the clock as it is now."""
        run = self.silent(hazard)

        with hazard.down():
            clock.set(shift)
        hazard.rounds()
        assert hazard.told() == [STALL]
        hazard.write(hazard.log, run.on() + run.done())

        hazard.expect(STALL, STALL_ENDED)

    def test_a_second_one_after_a_restart_is_told(self, hazard: Hazard) -> None:
        """It is another silence, whatever this process has seen of the first."""
        run = self.silent(hazard)
        hazard.write(hazard.log, run.on())
        hazard.until(lambda: len(hazard.told()) >= 2)

        with hazard.down():
            pass
        hazard.until(lambda: len(hazard.told()) == 3)
        hazard.write(hazard.log, run.on() + run.done())

        hazard.expect(STALL, STALL_ENDED, STALL, STALL_ENDED)
