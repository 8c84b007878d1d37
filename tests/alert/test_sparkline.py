from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.alert.sparkline import sparkline


class TestSparkline:
    @pytest.mark.parametrize(
        ("values", "text"),
        [
            ([], ""),
            ([1, 1, 1], "▁▁▁"),
            ([1, 1e7], "▁█"),
            ([1, 10, 100, 1e7], "▁▂▃█"),
            ([1, math.nan, math.inf, -math.inf, 0], "▁×∞∞."),
        ],
    )
    def test_draws_on_a_logarithmic_scale(self, values: list[float], text: str) -> None:
        """Gradients grow by orders of magnitude."""
        assert sparkline(values) == text

    @given(st.floats(1e-30, 1e30), st.floats(1.0, 1.05))
    def test_draws_small_changes_level(self, value: float, factor: float) -> None:
        """Noise must not look like an explosion."""
        assert sparkline([value, value * factor]) == "▁▁"

    @given(st.lists(st.floats()))
    def test_draws_one_glyph_for_each_value(self, values: list[float]) -> None:
        """Whatever the value is."""
        assert len(sparkline(values)) == len(values)
