"""A burst of 100,000 lines."""

from __future__ import annotations

import pytest

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training, copytruncate, rotate

DISPLAYS = 3450


@pytest.fixture
def hazard(hazard: Hazard) -> Hazard:
    """Leave out the rules that a run which never changes would rightly set off."""
    off = {"enabled": False}
    hazard.daemon.configure(rules={"loss_plateau": off, "bad_input": off})
    return hazard


@pytest.fixture(scope="module")
def burst() -> tuple[bytes, bytes]:
    """Return a run of 100,000 lines in two pieces; the second ends with a nan."""
    run = Training()
    first = run.begin(DISPLAYS // 2)
    return first, run.on(DISPLAYS // 2) + run.nan()


class TestBurst:
    def test_in_one_write(self, hazard: Hazard, burst: tuple[bytes, bytes]) -> None:
        """All lines are counted, and the nan at their end is told once."""
        hazard.write(hazard.log, b"")
        hazard.start()

        hazard.write(hazard.log, b"".join(burst))

        assert hazard.written > 100_000
        hazard.caught_up()
        hazard.expect(NAN)

    def test_across_a_rotation(self, hazard: Hazard, burst: tuple[bytes, bytes]) -> None:
        """The log is renamed while the daemon is far behind."""
        hazard.write(hazard.log, b"")
        hazard.start()

        hazard.write(hazard.log, burst[0])
        rotate(hazard.log, create=True)
        hazard.write(hazard.log, burst[1])

        hazard.caught_up()
        hazard.expect(NAN)

    def test_across_a_copytruncate(self, hazard: Hazard, burst: tuple[bytes, bytes]) -> None:
        """The log is copied and emptied while the daemon is far behind."""
        hazard.write(hazard.log, burst[0][:100_000])
        hazard.start()

        hazard.write(hazard.log, burst[0][100_000:])
        copytruncate(hazard.log)
        hazard.write(hazard.log, burst[1])

        hazard.caught_up()
        hazard.expect(NAN)
