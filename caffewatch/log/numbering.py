"""Which iteration a pass belongs to: its lines come before the one that says so."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from caffewatch.log.events import Moment
from caffewatch.log.prototxt import whole

_MOST = 10_000
"""Passes that wait for a number; before 2015 there may be one an iteration."""

_LAST = 10**15
"""No iteration has more digits; see the grammar."""


class Numbering:
    """Number passes: at once by an estimate, and for good by their Iteration line.

    The training net prints a block at every multiple of ``display``, ``iter_size`` times over; old
    versions print one at every iteration.

    Attributes
    ----------
    last
        The last iteration displayed with a loss.
    current
        The last iteration that any line named: [Update] lines follow the one with the lr.
    """

    def __init__(self) -> None:
        self.last: int | None = None
        self.current: int | None = None
        self._start = 0
        self._display: int | None = None
        self._iter_size: int | None = None
        self._waiting: deque[Moment] = deque(maxlen=_MOST)

    def configure(self, parameters: Mapping[str, str]) -> None:
        """Take the solver's ``display`` and ``iter_size``."""
        self._display = _positive(parameters.get("display"))
        self._iter_size = _positive(parameters.get("iter_size")) or 1

    def resume(self, iteration: int | None) -> None:
        """Take the iteration of the snapshot that training goes on from."""
        self._start = iteration or 0

    def moment(self) -> Moment:
        """Return the moment of a pass that has just ended."""
        moment = Moment(self._expected())
        self._waiting.append(moment)
        return moment

    def settle(self, iteration: int) -> list[tuple[Moment, int]]:
        """Return the waiting passes with their numbers: the Iteration line has come."""
        numbered: list[tuple[Moment, int]] = []
        if len(self._waiting) == 1:
            numbered = [(self._waiting.pop(), iteration)]
        elif self._waiting:
            numbered = self._spread(iteration)
            self._waiting.clear()
        if self._display is None and self.last is not None and iteration > self.last:
            self._display = iteration - self.last
        self.last = iteration
        return numbered

    @property
    def expected(self) -> range:
        """The iterations that the next displays should have; empty where that is not known."""
        if self.last is None or self._display is None or self._waiting:
            return range(0)
        return range(self.last + self._display, _LAST, self._display)

    def are_one(self, passes: int) -> bool:
        """Tell whether so many passes before an Iteration line are all of that iteration."""
        return passes <= 1 or self._iter_size in (None, passes)

    def skip(self, iteration: int) -> None:
        """Take displays up to this one, each with the number that was expected."""
        self.last = self.current = iteration

    def _spread(self, iteration: int) -> list[tuple[Moment, int]]:
        """Give several passes their numbers: ``iter_size`` to an iteration, the last one's last."""
        step = self._iter_size or len(self._waiting)
        groups = -(-len(self._waiting) // step)
        floor = iteration if self.last is None else min(self.last + 1, iteration)
        return [
            (moment, max(floor, iteration - (groups - 1 - index // step)))
            for index, moment in enumerate(self._waiting)
        ]

    def _expected(self) -> int | None:
        if self.last is not None:
            return self.last + self._display if self._display else None
        if not self._display:
            return self._start or None
        return -(-self._start // self._display) * self._display


def _positive(text: str | None) -> int | None:
    return whole(text) or None
