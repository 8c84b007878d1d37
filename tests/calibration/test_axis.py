from __future__ import annotations

import math
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.detect.settings import Parameters, parameter
from calibration.axis import PRECISION, Axis, crossing


class Examples(Parameters):
    """Parameters of every kind."""

    ratio: float = parameter(1e3, "an open range", minimum=0.0)
    share: float = parameter(0.99, "a share", minimum=0.0, maximum=1.0)
    bounded: float = parameter(2.0, "a closed range", minimum=1.0, maximum=50.0)
    passes: int = parameter(5, "a count", minimum=1)
    off: float = parameter(0.0, "zero stands for off")


AXES = {field.name: Axis.of(field) for field in fields(Examples)}


def axis(name: str) -> Axis:
    """Return the axis of one of the examples."""
    found = AXES[name]
    assert found is not None
    return found


class TestAxis:
    def test_reaches_four_decades_to_both_sides(self) -> None:
        """Where nothing is declared, the default stands in the middle."""
        found = axis("ratio")

        assert (found.value(found.low), found.value(found.high)) == pytest.approx((0.1, 1e7))

    def test_a_share_is_laid_out_by_its_odds(self) -> None:
        """So that there is room on both sides of 0.99."""
        found = axis("share")

        assert found.value(found.decades(0.99) + 1) == pytest.approx(0.999, rel=1e-3)
        assert found.value(found.high) < 1

    def test_ends_at_the_declared_range(self) -> None:
        """Values that the configuration refuses are not tried."""
        found = axis("bounded")

        assert (found.value(found.low), found.value(found.high)) == pytest.approx((1.0, 50.0))

    def test_a_count_is_whole_and_at_least_one(self) -> None:
        """Half a pass means nothing."""
        found = axis("passes")

        assert (found.value(found.low), found.value(0.4)) == (1, 3)

    @pytest.mark.parametrize("name", ["off", "enabled", "severity"])
    def test_what_is_no_number_above_zero_has_none(self, name: str) -> None:
        """A logarithm needs one."""
        assert AXES[name] is None


class TestCrossing:
    @given(limit=st.floats(0.11, 9e6), falls=st.booleans())
    def test_finds_any_limit(self, limit: float, falls: bool) -> None:
        """Whichever side of the default it is on, and whichever way the rule fires."""
        found = axis("ratio")

        def fires(value: float) -> bool:
            return value <= limit if falls else value > limit

        values = [crossing(found, end, fires) for end in (found.low, found.high)]

        (value,) = (value for value in values if value is not None)
        assert fires(value)
        assert abs(math.log10(value / limit)) <= PRECISION

    @given(limit=st.integers(1, 99))
    def test_a_count_is_exact(self, limit: int) -> None:
        """The last number of passes at which a rule still fires."""
        found = axis("passes")

        values = {crossing(found, end, lambda value: value <= limit) for end in (0, found.high)}

        assert values - {None} == {limit}

    def test_nothing_where_the_end_is_as_the_default(self) -> None:
        """There is nothing between two values at which the rule is silent."""
        assert crossing(axis("ratio"), axis("ratio").low, lambda value: False) is None
