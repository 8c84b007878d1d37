from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.detect.middle import median


class TestMedian:
    @given(values=st.lists(st.floats(0, 1e30), min_size=1))
    def test_is_that_of_the_library(self, values: list[float]) -> None:
        """Of an odd number and of an even one."""
        assert median(iter(values)) == statistics.median(values)

    def test_of_nothing(self) -> None:
        """There is none."""
        with pytest.raises(ValueError, match="no median"):
            median([])
