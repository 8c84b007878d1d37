from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.deliver.backoff import backoff


class TestBackoff:
    @pytest.mark.parametrize(
        ("failures", "expected"), [(1, 2.0), (2, 4.0), (8, 256.0), (9, 300.0), (10**9, 300.0)]
    )
    def test_ceiling(self, failures: int, expected: float) -> None:
        """The longest wait doubles with every failure, up to five minutes."""
        assert backoff(failures, lambda: 1.0) == expected

    @given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
    def test_bounds(self, failures: int, drawn: float) -> None:
        """However long the outage and whatever is drawn, a wait is from 1 s to 5 min."""
        assert 1.0 <= backoff(failures, lambda: drawn) <= 300.0

    @pytest.mark.parametrize(("drawn", "expected"), [(0.0, 1.0), (0.5, 4.5)])
    def test_full_jitter(self, drawn: float, expected: float) -> None:
        """What is drawn is spread over the whole range."""
        assert backoff(3, lambda: drawn) == expected
