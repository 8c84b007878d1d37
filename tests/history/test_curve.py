from __future__ import annotations

import pickle
from math import inf, nan

from hypothesis import given
from hypothesis import strategies as st

from caffewatch.history.curve import NAN, NEGATIVE, POSITIVE, Bucket, Curve


def curve(values: list[float], capacity: int = 8) -> Curve:
    """Record values of iterations 0, 1, 2 …."""
    made = Curve(capacity)
    for iteration, value in enumerate(values):
        made.add(iteration, value)
    return made


class TestCurve:
    def test_few_values_are_kept_as_they_are(self) -> None:
        """Below the capacity a bucket is a value."""
        assert curve([1.5, 2.5]).buckets() == [Bucket(0, 0, 1.5, 1.5), Bucket(1, 1, 2.5, 2.5)]

    def test_a_spike_survives(self) -> None:
        """A hundred thousand values later it is still the largest of its bucket."""
        made = curve([1.0] * 500 + [900.0] + [1.0] * 99_499)

        (bucket,) = [x for x in made.buckets() if x.high == 900.0]

        assert bucket.first <= 500 <= bucket.last
        assert bucket.low == 1.0
        assert len(made) <= 8

    def test_what_is_not_finite_survives(self) -> None:
        """Each kind has its bit, and the finite values beside it are still there."""
        (bucket,) = curve([1.0, nan, inf, -inf]).buckets(most=1)

        assert bucket == Bucket(0, 3, 1.0, 1.0, NAN | POSITIVE | NEGATIVE)

    def test_nothing_but_nan(self) -> None:
        """A bucket without a finite value has no bounds."""
        assert curve([nan]).buckets() == [Bucket(0, 0, None, None, NAN)]

    def test_a_range(self) -> None:
        """Only the buckets that reach into it are returned."""
        found = curve([0.0, 1.0, 2.0, 3.0]).buckets(since=1, until=2)

        assert [x.first for x in found] == [1, 2]

    def test_a_huge_iteration(self) -> None:
        """A log may claim any number."""
        made = Curve(4)

        made.add(10**400, 1.0)

        assert made.buckets()[0].first == 2**53

    @given(st.lists(st.floats(width=32), max_size=100), st.integers(1, 10))
    def test_bounds_hold(self, values: list[float], most: int) -> None:
        """No more buckets than asked for; together they hold every extreme, in order."""
        found = curve(values).buckets(most)
        finite = [x for x in values if abs(x) < inf]

        assert len(found) <= most
        assert min((x.low for x in found if x.low is not None), default=None) == min(
            finite, default=None
        )
        assert max((x.high for x in found if x.high is not None), default=None) == max(
            finite, default=None
        )
        assert [x.first for x in found] == sorted(x.first for x in found)

    @given(st.lists(st.floats(), max_size=60), st.integers(0, 60))
    def test_a_saved_one_goes_on(self, values: list[float], cut: int) -> None:
        """Pickled or copied in mid-curve, it goes on as it would have."""
        saved = pickle.loads(pickle.dumps(curve(values[:cut])))
        copied = curve(values[:cut]).copy()

        for iteration, value in enumerate(values[cut:], len(values[:cut])):
            saved.add(iteration, value)
            copied.add(iteration, value)

        assert saved.buckets() == copied.buckets() == curve(values).buckets()
