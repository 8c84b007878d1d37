from __future__ import annotations

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.draw.axis import Axis, Scale

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def labels(values: list[float], scale: Scale = "auto") -> list[str]:
    """Return what is written beside an axis."""
    return [label for _, label in Axis.of(values, scale).ticks()]


class TestTicks:
    def test_round_values(self) -> None:
        """A linear axis has a few of them."""
        assert labels([0.0, 9.0]) == ["0", "2", "4", "6", "8"]

    def test_decades(self) -> None:
        """An axis over many of them leaves some out."""
        assert labels([1e-3, 1e3]) == ["0.001", "0.1", "10", "1000"]

    def test_less_than_two_decades(self) -> None:
        """Their halves and fifths fill the gaps, so that the low end is not bare."""
        assert labels([2.3, 87.0], "log") == ["5", "10", "20", "50"]

    def test_one_value(self) -> None:
        """The scale is that of the value: a learning rate of 0.01 is not drawn from -0.5 to 0.5."""
        assert labels([0.01]) == ["0.006", "0.008", "0.01", "0.012", "0.014"]

    @given(st.lists(FINITE, min_size=1, max_size=4), st.sampled_from(["auto", "log", "linear"]))
    def test_whatever_the_values(self, values: list[float], scale: Scale) -> None:
        """Every value and every tick has its place between the ends."""
        axis = Axis.of(values, scale)

        for place in [*map(axis.at, values), *(at for at, _ in axis.ticks())]:
            assert -1e-6 <= place <= 1 + 1e-6

    @pytest.mark.parametrize("value", [sys.float_info.max, -sys.float_info.max, 0.0, 5e-324])
    def test_the_ends_of_all_numbers(self, value: float) -> None:
        """One value there has room on both sides, or at least a place."""
        axis = Axis.of([value], "log")

        assert math.isfinite(axis.at(value))
