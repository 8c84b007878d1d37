"""A short, always equal run of what ``make fuzz`` does for long."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.fuzz.mutation import logs_and_cuts
from tests.fuzz.properties import check


class TestMutations:
    @settings(
        max_examples=60,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(logs_and_cuts())
    def test_hold(self, log: tuple[bytes, list[int]]) -> None:
        """Whatever is done to a log, it is read to its end, and the same from any cut."""
        check(*log)
