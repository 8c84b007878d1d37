"""How fast a run is."""

from __future__ import annotations

import pytest

from caffewatch.log.pace import paces


class TestPaces:
    def test_from_display_to_display(self) -> None:
        """The first counts from the display before."""
        assert paces(20, 1.0, range(40, 100, 20), [2.0, 2.5, 6.5]) == [20.0, 40.0, 5.0]

    def test_of_a_gap(self) -> None:
        """Iterations between that were not displayed are counted."""
        assert paces(0, 1.0, range(40, 80, 20), [2.0, 4.0]) == [40.0, 10.0]

    @pytest.mark.parametrize(
        ("before", "then", "times"),
        [
            (None, 1.0, [2.0, 3.0]), (20, None, [2.0, 3.0]), (40, 1.0, [2.0, 3.0]),
            (20, 2.0, [2.0, 3.0]), (20, 1.0, [2.0, 2.0]),
        ],
    )  # fmt: skip
    def test_in_doubt(self, before: int | None, then: float | None, times: list[float]) -> None:
        """Nothing before, the same number again, or a clock that stands still."""
        assert paces(before, then, range(40, 80, 20), times) is None
