"""The kernel's event queue overflows: events are lost, lines are not."""

from __future__ import annotations

from pathlib import Path

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training, rotate

QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")


def flood(hazard: Hazard) -> None:
    """Cause more events than the kernel keeps."""
    first, second = hazard.folder / "flood.txt", hazard.folder / "flood2.txt"
    first.touch()
    for _ in range(min(int(QUEUE.read_text()), 40_000) // 2 + 100):
        first.rename(second)
        second.rename(first)


class TestEventOverflow:
    def test_what_happened_after_it(self, hazard: Hazard) -> None:
        """A rotation and new lines of which no event is left in the queue."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            flood(hazard)
            hazard.write(hazard.log, run.on())
            rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_a_new_log_after_it(self, hazard: Hazard) -> None:
        """A log that a glob matches, made while the queue was full."""
        run = Training()
        hazard.configure("*.log")
        hazard.start()

        with hazard.paused():
            flood(hazard)
            hazard.write(hazard.log, run.begin() + run.nan())

        hazard.expect(NAN)
