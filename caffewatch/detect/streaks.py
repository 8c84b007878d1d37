"""For how many passes in a row each place in the net has shown a symptom."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import field

from caffewatch.detect.finding import Place
from caffewatch.log.slotted import slotted


@slotted
class _Streak:
    """How long a symptom has lasted, and how long it has been gone."""

    place: Place
    count: int = 0
    clear: int = 0


@slotted
class Streaks:
    """Symptoms that must last before they count, and must be gone as long before they do not.

    Keys are places in the net: (layer, parameter index) and the like.

    Attributes
    ----------
    waiting
        Whether any place is on its way to count, or still counts.
    """

    waiting: bool = False
    _open: dict[tuple[str, int], _Streak] = field(default_factory=dict)
    _lasting: dict[tuple[str, int], _Streak] = field(default_factory=dict)

    def update(
        self,
        seen: Collection[tuple[str, int]],
        needed: Callable[[str], int],
        place: Callable[[tuple[str, int]], Place],
        settle: bool = True,
        patience: int = 1,
    ) -> None:
        """Take the places that show the symptom in this pass.

        Parameters
        ----------
        needed
            How many passes in a row a layer needs, to count and to be well again.
        place
            Gives the place of a key in this pass; asked only when a streak begins.
        settle
            False for a pass in which not seeing the symptom proves nothing (it holds nan).
        patience
            How many times as many passes without it a place needs to be well again.
        """
        if not seen and not self._open and not self._lasting:
            return
        for key in seen:
            streak = self._lasting.get(key) or self._open.get(key)
            if streak is None:
                streak = self._open[key] = _Streak(place(key))
            streak.count += 1
            streak.clear = 0
            if streak.count >= needed(key[0]) and key not in self._lasting:
                self._lasting[key] = self._open.pop(key)
        if settle:
            self._settle(seen, needed, patience)
        self.waiting = bool(self._open or self._lasting)

    def _settle(
        self, seen: Collection[tuple[str, int]], needed: Callable[[str], int], patience: int
    ) -> None:
        for key in [k for k in self._open if k not in seen]:
            del self._open[key]
        for key in [k for k in self._lasting if k not in seen]:
            streak = self._lasting[key]
            streak.clear += 1
            if streak.clear >= needed(key[0]) * patience:
                del self._lasting[key]

    @property
    def lasting(self) -> Mapping[tuple[str, int], Place]:
        """The places whose symptom counts, with where each began, in the order they came."""
        return {key: streak.place for key, streak in self._lasting.items()}

    def counts(self, key: tuple[str, int]) -> bool:
        """Whether a place is on its way to count, or still counts."""
        return key in self._open or key in self._lasting
