"""A line of 20 MB: it is one line, and costs no such memory."""

from __future__ import annotations

import re
from pathlib import Path

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training

MEGABYTE = 1024 * 1024


def peak(hazard: Hazard) -> int:
    """Return the most memory that the daemon has held so far, in bytes."""
    status = Path(f"/proc/{hazard.daemon.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


class TestLongLine:
    def test_amid_a_run(self, hazard: Hazard) -> None:
        """What stands before and after it is judged as ever."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()
        before = peak(hazard)

        with hazard.log.open("ab", buffering=0) as tee:
            for _ in range(20):
                hazard.write(tee, b"x" * MEGABYTE)
            hazard.write(tee, b"\n" + run.nan())

        hazard.expect(NAN)
        assert peak(hazard) - before < 16 * MEGABYTE

    def test_without_an_end(self, hazard: Hazard) -> None:
        """A restart in its midst reads it again; it counts once it is whole."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        hazard.write(hazard.log, b"x" * (10 * MEGABYTE))
        with hazard.down():
            hazard.write(hazard.log, b"x" * (10 * MEGABYTE))
        hazard.rounds()
        hazard.write(hazard.log, b"\n" + run.nan())

        hazard.expect(NAN)
