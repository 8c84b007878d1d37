"""How well a parameter's default keeps healthy and faulty runs apart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calibration.axis import Axis
from calibration.replay import Role, Statistic, axis_of

CLEAR = 1.0
"""Decades of margin on both sides that are asked for."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One log on a parameter's axis.

    Parameters
    ----------
    at
        In decades: the last value at which the rule fires in this log. Minus or plus infinity
        where it never, or always, does.
    """

    log: str
    role: Role
    at: float


@dataclass(frozen=True, slots=True)
class Separation:
    """Where all logs lie on one parameter's axis.

    Parameters
    ----------
    upwards
        Whether the rule fires where the parameter is at or above a log's value; else where it is
        at or below.
    against
        How many logs begin or cease to fire in the other direction.
    """

    rule: str
    parameter: str
    axis: Axis
    upwards: bool
    against: int
    dots: Sequence[Dot]

    @classmethod
    def of(cls, statistics: Sequence[Statistic]) -> Separation:
        """Put the statistics of one parameter on its axis; the majority gives the direction."""
        first = statistics[0]
        axis = axis_of(first.rule, first.parameter)
        up = sum((s.below if s.fires else s.above) is not None for s in statistics)
        down = sum((s.above if s.fires else s.below) is not None for s in statistics)
        upwards = up > down
        dots = [Dot(s.log, s.role, _place(axis, s, upwards)) for s in statistics]
        return cls(first.rule, first.parameter, axis, upwards, min(up, down), dots)

    @property
    def moves(self) -> bool:
        """Whether the parameter decides anything in these logs."""
        return any(math.isfinite(dot.at) for dot in self.dots)

    @property
    def healthy(self) -> Dot | None:
        """The healthy log that is nearest to firing."""
        return max(self._of("healthy"), key=self._nearness, default=None)

    @property
    def must(self) -> Dot | None:
        """The log that must show the rule and is nearest to falling silent."""
        return min(self._of("must"), key=self._nearness, default=None)

    @property
    def margins(self) -> tuple[float, float]:
        """Decades from the default to the healthy and to the faulty logs; negative is wrong."""
        default = self._default
        healthy = -math.inf if self.healthy is None else self.strength(self.healthy.at)
        must = math.inf if self.must is None else self.strength(self.must.at)
        return default - healthy, must - default

    @property
    def gap(self) -> float | None:
        """Decades between healthy and faulty logs, negative where they overlap.

        None where there are none on one side.
        """
        return None if self.healthy is None or self.must is None else sum(self.margins)

    @property
    def verdict(self) -> str:
        """Where the default sits, in a word or two."""
        healthy, must = self.margins
        if not self.moves:
            return "no effect"
        if healthy <= 0 or must < 0:
            wrong = [f"{n} {what}" for n, what in self._wrong() if n]
            return "outside: " + ", ".join(wrong)
        if min(healthy, must) >= CLEAR:
            return "clear" if self.must is not None else "clear of healthy"
        return "near healthy" if healthy < must else "near faulty"

    def strength(self, at: float) -> float:
        """Return a place in decades, turned so that more means nearer to firing."""
        return -at if self.upwards else at

    @property
    def _default(self) -> float:
        return self.strength(self.axis.decades(self.axis.default))

    def _nearness(self, dot: Dot) -> float:
        return self.strength(dot.at)

    def _of(self, role: Role) -> Iterable[Dot]:
        return (dot for dot in self.dots if dot.role == role)

    def _wrong(self) -> Sequence[tuple[int, str]]:
        false = sum(self._nearness(dot) >= self._default for dot in self._of("healthy"))
        missed = sum(self._nearness(dot) < self._default for dot in self._of("must"))
        return (false, "false"), (missed, "missed")


def _place(axis: Axis, found: Statistic, upwards: bool) -> float:
    value = found.below if found.fires == upwards else found.above
    if value is not None:
        return axis.decades(value)
    return math.inf if found.fires != upwards else -math.inf
