"""When tests are due."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from caffewatch.log.debug_info import Blocks
from caffewatch.log.glog import read_line
from caffewatch.log.grammar import recognise
from caffewatch.log.schedule import Schedule
from caffewatch.log.shortcuts import Shortcuts
from tests.log.samples import say


def a_test(iteration: int, nets: int = 1) -> list[bytes]:
    """Write the lines of a test."""
    told = []
    for net in range(nets):
        told.append(say(f"Iteration {iteration}, Testing net (#{net})", "solver.cpp:347"))
        told.append(say("    Test net output #0: accuracy = 0.5", "solver.cpp:414"))
    return [x.rstrip("\n").encode() for x in told]


def learned(iterations: Iterable[int], nets: int = 1) -> Schedule:
    """Show tests of these iterations."""
    schedule, shortcuts = Schedule(), Shortcuts()
    for iteration in iterations:
        lines = a_test(iteration, nets)
        for raw in lines:
            line = read_line(raw)
            found = recognise(line.text)
            assert found is not None
            shortcuts.learn(found[0], line)
        display = say(f"Iteration {iteration}, loss = 2").encode()
        assert schedule.learn([*lines, display], Blocks(), shortcuts) == len(lines)
    return schedule


class TestDue:
    def test_one_test_tells_nothing(self) -> None:
        """Two tell the interval."""
        assert learned([100]).due(range(110, 500, 10)) == []

    @pytest.mark.parametrize("nets", [1, 2])
    def test_before_the_display_of_its_iteration(self, nets: int) -> None:
        """As Caffe writes them."""
        schedule = learned([100, 200], nets)

        assert schedule.due(range(210, 420, 10)) == [(9, 300), (19, 400)]
        assert schedule.due(range(300, 310, 10)) == [(0, 300)]
        assert schedule.due(range(210, 300, 10)) == []

    def test_between_displays(self) -> None:
        """A test of 235 comes before the display of 240."""
        assert learned([165, 200]).due(range(210, 310, 10)) == [(3, 235), (6, 270)]

    def test_unseen(self) -> None:
        """Tests that were read while nobody looked are over."""
        assert learned([100, 200]).due(range(610, 720, 10)) == [(9, 700)]

    def test_of_this_display(self) -> None:
        """One that was due with the display before is over, too."""
        assert learned([100, 200]).due(range(310, 320, 10)) == []

    def test_more_than_one_a_display(self) -> None:
        """They are read line by line."""
        assert learned([100, 105]).due(range(110, 200, 10)) == []

    def test_late(self) -> None:
        """One that comes late, as where a log was put together, leaves the interval as it was."""
        assert learned([100, 200, 350]).due(range(360, 560, 10)) == [(9, 450), (19, 550)]

    def test_back(self) -> None:
        """An iteration that falls back tells no interval."""
        assert learned([200, 100]).due(range(110, 500, 10)) == []

    def test_missed(self) -> None:
        """One that does not come is waited for until two have come again."""
        schedule = learned([100, 200])
        schedule.miss()

        assert schedule.due(range(210, 420, 10)) == []

    def test_skipped(self) -> None:
        """The next is due an interval behind the last."""
        schedule = learned([100, 200])
        schedule.skip(400)

        assert schedule.due(range(410, 520, 10)) == [(9, 500)]


class TestNews:
    def test_of_the_same(self) -> None:
        """A test as expected is none."""
        assert learned([100, 200]).is_new
        assert not learned([100, 200, 300]).is_new
        assert learned([100, 200, 350]).is_new
