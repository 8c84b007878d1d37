from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.log.displays import FIRST, KEPT, Display, Displays
from caffewatch.log.displays import Tested as WholeTest
from caffewatch.log.events import (
    TRAIN,
    Iteration,
    LearningRate,
    Moment,
    Output,
    Pass,
    SolverRead,
    TestStarted,
)
from caffewatch.log.run import Run

FORWARD = Pass(5, "test0", (), [], 5, Moment(0))


def run_of(**solver: Any) -> Run:
    """Make a run with these solver parameters."""
    run = Run("id", 1, 1)
    run.apply(SolverRead(1, {name: str(value) for name, value in solver.items()}))
    return run


def iteration(number: int, loss: float = 2.0) -> Iteration:
    """Make a display's first line."""
    return Iteration(number + 1, 100.0 + number, number, loss)


def output(value: float, weight: float | None = 1.0, net: str = TRAIN, line: int = 9) -> Output:
    """Make one output."""
    return Output(line, net, 0, "loss", value, weight)


def rate(number: int) -> LearningRate:
    """Make the line that ends a display."""
    return LearningRate(number + 3, None, number, 0.01)


def shown(displays: Displays, run: Run, losses: list[float]) -> list[Display]:
    """Take displays with these outputs; return what they completed."""
    done = []
    for at, loss in enumerate(losses):
        for event in (iteration(10 * at), output(loss), rate(10 * at)):
            run.apply(event)
            done.append(displays.take(event, run))
    return [x for x in done if isinstance(x, Display)]


class TestDisplay:
    def test_is_complete_with_the_next_event_behind_its_outputs(self) -> None:
        """Only then nothing can be added."""
        displays, run = Displays(), run_of()

        done = [
            displays.take(x, run) for x in (iteration(0, 9), output(0.5), output(0.25, line=12))
        ]

        assert done == [None, None, None]
        assert displays.take(rate(0), run) == Display(12, 100.0, 0, 0.75)
        assert displays.count == 1

    def test_sums_weight_times_output(self) -> None:
        """What has no weight is no loss; a weight of 0 does not count."""
        displays, run = Displays(), run_of()
        for event in (iteration(0, 9), output(2, 0.3), output(5, 0), output(0.99, None)):
            displays.take(event, run)

        done = displays.take(rate(0), run)

        assert isinstance(done, Display)
        assert done.loss == pytest.approx(0.6)

    def test_takes_the_displayed_figure_where_outputs_are_missing(self) -> None:
        """2014's logs print none of the training net."""
        displays, run = Displays(), run_of()
        displays.take(iteration(0, 1.5), run)

        assert displays.take(iteration(10), run) == Display(1, 100.0, 0, 1.5)

    def test_takes_it_where_no_output_is_a_loss(self) -> None:
        """An accuracy of the training net alone."""
        displays, run = Displays(), run_of()
        displays.take(iteration(0, 1.5), run)
        displays.take(output(0.9, None), run)

        assert displays.take(rate(0), run) == Display(9, 100.0, 0, 1.5)

    def test_outputs_of_another_net_are_none_of_it(self) -> None:
        """Nor are those that come without a line before."""
        displays, run = Displays(), run_of()
        displays.take(output(7), run)
        displays.take(iteration(0, 1.5), run)
        displays.take(output(7, net="test0"), run)

        assert displays.take(rate(0), run) == Display(1, 100.0, 0, 1.5)

    def test_other_events_complete_nothing(self) -> None:
        """Between displays."""
        assert Displays().take(rate(0), run_of()) is None


class TestAverage:
    def test_reaches_as_far_back_as_average_loss(self) -> None:
        """20 iterations are two displays."""
        displays, run = Displays(), run_of(average_loss=20, display=10)

        done = shown(displays, run, [4, 2, 1, 1])

        assert [x.loss for x in done] == [4, 3, 1.5, 1]

    def test_of_less_than_a_display_is_none(self) -> None:
        """Only displayed iterations are known."""
        done = shown(Displays(), run_of(average_loss=5, display=10), [4, 2])

        assert [x.loss for x in done] == [4, 2]

    def test_one_huge_value_leaves_it_again(self) -> None:
        """Caffe's own figure keeps what float32 lost."""
        done = shown(Displays(), run_of(average_loss=20, display=10), [2, 1e30, 2, 2])

        assert done[-1].loss == 2

    def test_so_does_a_nan(self) -> None:
        """Caffe's own stays nan for ever."""
        done = shown(Displays(), run_of(average_loss=20, display=10), [2, math.nan, 2, 2])

        assert [math.isnan(x.loss) for x in done] == [False, True, True, False]


class TestStart:
    def test_is_the_highest_of_the_first_three(self) -> None:
        """The first batch may be an easy one."""
        displays = Displays()
        shown(displays, run_of(), [2, 2.5, 2.2, 9, 9, 9])

        assert displays.start == 2.5
        assert displays.first == [2, 2.5, 2.2, 9, 9][:FIRST]

    def test_leaves_out_what_is_not_finite(self) -> None:
        """A nan is no beginning."""
        displays = Displays()
        shown(displays, run_of(), [math.nan, 2.5, math.inf, 9])

        assert displays.start == 2.5

    def test_is_unknown_before_it(self) -> None:
        """Nothing was displayed, or nothing but nan."""
        displays = Displays()
        shown(displays, run_of(), [math.nan])

        assert (Displays().start, displays.start) == (None, None)


class TestLevel:
    def test_is_the_mean_of_the_last(self) -> None:
        """None before there are so many."""
        displays = Displays()
        shown(displays, run_of(), [9, 3, 2, 1])

        assert (displays.level(3), displays.level(4), displays.level(5)) == (2, 3.75, None)

    def test_progress_is_a_share_of_the_start(self) -> None:
        """From the tenth display on."""
        displays, run = Displays(), run_of()
        shown(displays, run, [4, 4, 4, 4, 1, 1, 1, 1, 1])
        before = displays.progress()
        shown(displays, run, [1])

        assert (before, displays.progress()) == (None, 0.25)

    def test_progress_from_0_is_unknown(self) -> None:
        """There is no share of nothing."""
        displays = Displays()
        shown(displays, run_of(), [0] * 20)

        assert displays.progress() is None

    @given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.integers(1, 40))
    def test_agrees_with_what_was_shown(self, losses: list[float], count: int) -> None:
        """Whenever it is asked, and asked again."""
        displays = Displays()
        done = shown(displays, run_of(), losses)

        expected = sum(x.loss for x in done[-count:]) / count if count <= len(done) else None

        assert displays.level(count) == displays.level(count) == pytest.approx(expected)


class TestMemory:
    def test_is_bounded(self) -> None:
        """Only the last few hundred are kept; all are counted."""
        displays = Displays()
        shown(displays, run_of(), [float(x) for x in range(3 * KEPT)])

        assert (len(displays.recent), displays.count) == (KEPT, 3 * KEPT)
        assert displays.level(KEPT) == sum(range(2 * KEPT, 3 * KEPT)) / KEPT


class TestTest:
    def test_is_complete_with_the_next_event_behind_its_outputs(self) -> None:
        """Its [Forward] lines come before them."""
        displays, run = Displays(), run_of()
        begun = TestStarted(4, None, 500, "test0")
        events = (begun, FORWARD, FORWARD, output(0.9, None, "test0"), output(0.3, 1, "test0", 11))

        done = [displays.take(x, run) for x in events]

        assert done == [None] * 5
        assert displays.take(iteration(500), run) == WholeTest(11, 500, "test0", 0.3)

    def test_without_a_loss(self) -> None:
        """An accuracy alone."""
        displays, run = Displays(), run_of()
        displays.take(TestStarted(4, None, 500, "test1"), run)
        displays.take(output(0.9, None, "test1"), run)

        assert displays.take(iteration(500), run) == WholeTest(9, 500, "test1", None)

    def test_one_that_was_interrupted_is_none(self) -> None:
        """Its outputs never came."""
        displays, run = Displays(), run_of()
        displays.take(TestStarted(4, None, 500, "test0"), run)

        assert displays.take(rate(500), run) is None
        assert displays.take(iteration(510), run) is None

    def test_one_after_another(self) -> None:
        """The first is complete when the second begins."""
        displays, run = Displays(), run_of()
        displays.take(TestStarted(4, None, 500, "test0"), run)
        displays.take(output(0.9, 1, "test0"), run)

        done = displays.take(TestStarted(12, None, 500, "test1"), run)

        assert done == WholeTest(9, 500, "test0", 0.9)

    def test_completes_the_display_before(self) -> None:
        """2014's logs name the rate before the loss."""
        displays, run = Displays(), run_of()
        displays.take(iteration(0, 1.5), run)

        assert displays.take(TestStarted(4, None, 0, "test0"), run) == Display(1, 100.0, 0, 1.5)
