from __future__ import annotations

from caffewatch.detect.finding import Place
from caffewatch.detect.streaks import Streaks
from caffewatch.log.events import Moment

Key = tuple[str, int]
A, B = ("a", 0), ("b", 0)


class Passes:
    """Give streaks one pass after the other; a place's line is the pass's number."""

    def __init__(self, needed: int = 3) -> None:
        self.streaks = Streaks()
        self.count = 0
        self._needed = needed

    def see(self, *keys: Key, times: int = 1, settle: bool = True) -> dict[Key, int]:
        """Show the same keys in some passes; return where each lasting one began."""
        for _ in range(times):
            self.count += 1
            self.streaks.update(keys, lambda _: self._needed, self._place, settle)
        return {key: place.line for key, place in self.streaks.lasting.items()}

    def _place(self, key: Key) -> Place:
        return Place(self.count, Moment(self.count), None)


class TestStreaks:
    def test_counts_from_the_pass_that_is_needed(self) -> None:
        """The place is the first pass's."""
        passes = Passes()

        assert passes.see(A, times=2) == {}
        assert passes.see(A) == {A: 1}

    def test_a_gap_begins_anew(self) -> None:
        """Passes must follow on each other."""
        passes = Passes()
        passes.see(A, times=2)
        passes.see()

        assert passes.see(A, times=2) == {}
        assert passes.see(A) == {A: 4}

    def test_a_gap_that_proves_nothing(self) -> None:
        """A pass with nan neither counts nor breaks."""
        passes = Passes()
        passes.see(A, times=2)
        passes.see(settle=False)

        assert passes.see(A) == {A: 1}

    def test_ends_as_slowly_as_it_began(self) -> None:
        """Single passes without it do not end it."""
        passes = Passes()
        passes.see(A, times=3)
        passes.see(times=2)
        passes.see(A)

        assert passes.see(times=2) == {A: 1}
        assert passes.see() == {}

    def test_keys_are_apart(self) -> None:
        """Each has its own beginning."""
        passes = Passes()
        passes.see(A)

        assert passes.see(A, B, times=3) == {A: 1, B: 2}

    def test_waits_while_anything_is_open(self) -> None:
        """A caller may skip passes only when nothing is."""
        passes = Passes()
        assert not passes.streaks.waiting

        passes.see(A)
        assert passes.streaks.waiting

        passes.see()
        assert not passes.streaks.waiting
