from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from caffewatch.export.running import RunningTotals


class TestRunningTotals:
    def test_forgets_what_it_need_not_keep(self) -> None:
        """A log that left and comes back begins again."""
        totals = RunningTotals()
        totals.update("a", 10, "")
        totals.update("b", 20, "")

        totals.keep({"b"})

        assert (totals.update("a", 1, ""), totals.update("b", 21, "")) == (1, 21)

    @given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("xy"))))
    def test_never_goes_backwards(self, counts: list[tuple[int, str]]) -> None:
        """Whatever the counts do, the total does not fall, and is no less than the last count."""
        totals = RunningTotals()

        shown = [totals.update("key", value, epoch) for value, epoch in counts]

        assert shown == sorted(shown)
        assert all(total >= value for total, (value, _) in zip(shown, counts, strict=True))
