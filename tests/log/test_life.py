from __future__ import annotations

from math import nan

from caffewatch.log.events import Ended, LearningRate, Loaded, SnapshotWritten, Solving
from caffewatch.log.life import KINDS, MOST, Life


def kinds(life: Life) -> list[str]:
    """Return the kinds of a life's events."""
    return [event.kind for event in life.events]


class TestLife:
    def test_tells_what_happened(self) -> None:
        """Starts, loads, snapshots and ends are told in their order."""
        life = Life()
        for event in (
            Loaded(1, "a.solverstate", resumed=True),
            Loaded(2, "b.caffemodel", resumed=False),
            Solving(3, "net"),
            SnapshotWritten(4, "c_iter_10.caffemodel", 10),
            Ended(5, None, "stopped", "Optimization stopped early"),
        ):
            life.take(event, 10)

        assert kinds(life) == ["resumed", "finetuned", "started", "snapshot", "stopped"]
        assert (
            life.events[0].text,
            life.events[0].line,
            life.events[0].iteration,
        ) == ("from a.solverstate", 1, 10)

    def test_starts_once(self) -> None:
        """Starting Optimization and Solving NAME are one start."""
        life = Life()
        life.take(Solving(1, ""), None)
        life.take(Solving(2, "net"), None)

        assert kinds(life) == ["started"]

    def test_only_a_step_of_the_rate_is_told(self) -> None:
        """A policy that creeps is no event; one that halves or doubles is."""
        life = Life()
        for number, rate in enumerate((0.1, 0.09, 0.08, 0.05, nan, 0.05, 0.01)):
            life.take(LearningRate(number, None, number, rate), number)

        assert [(x.line, x.text) for x in life.events] == [(3, "0.1 to 0.05"), (6, "0.05 to 0.01")]

    def test_is_bounded(self) -> None:
        """The first and the last events stay."""
        life = Life()
        for number in range(3 * MOST):
            life.take(SnapshotWritten(number, f"{number}", number), number)

        lines = [event.line for event in life.events]
        assert (len(lines), lines[0], lines[-1]) == (MOST, 0, 3 * MOST - 1)

    def test_counts_all(self) -> None:
        """Also what is no longer kept, and nothing that was said twice."""
        life = Life()
        for number in range(2 * MOST):
            life.take(SnapshotWritten(number, f"{number}", number), number)
        for line in (9998, 9999):
            life.take(Ended(line, None, "finished", "Optimization Done."), 10)

        assert life.counts == {"snapshot": 2 * MOST, "finished": 1}
        assert life.counts.keys() <= set(KINDS)
