from __future__ import annotations

import pytest

from caffewatch.service.clock import LONGEST, Steady
from tests.deliver.fakes import Clock

START = 1_795_500_000.0


class TestSteady:
    @pytest.mark.parametrize(
        ("passed", "lived"), [(5.0, 5.0), (LONGEST, LONGEST), (7200.0, LONGEST), (-7200.0, 0.0)]
    )
    def test_goes_on_by_what_passed(self, passed: float, lived: float) -> None:
        """Not back, and by no leap: even a steady clock is seen to do that under faketime."""
        monotonic = Clock(100.0)
        steady = Steady(START, monotonic)

        monotonic.now += passed

        assert steady() == START + lived
        assert steady() == START + lived
