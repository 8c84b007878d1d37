from __future__ import annotations

from math import inf

import pytest

from caffewatch.draw.chart import LEFT, RIGHT, WIDTH, Chart, Line, chart, sparkline
from caffewatch.draw.run_page import NamedRun, charts
from caffewatch.history.curve import Bucket
from caffewatch.history.frozen import Mark
from tests.logs import CaffeLog
from tests.watched import watch


def drawn(*values: float | None) -> Chart:
    """Draw a curve of one value each ten iterations; None for one that is not finite."""
    buckets = [Bucket(n * 10, n * 10, x, x, int(x is None)) for n, x in enumerate(values)]
    made = chart("loss", "Loss", [Line("loss", buckets)])
    assert made is not None
    return made


class TestLonelyValues:
    @pytest.mark.parametrize(("values", "shapes"), [((2.0,), 1), ((2.0, None, 3.0), 2)])
    def test_are_seen(self, values: tuple[float | None, ...], shapes: int) -> None:
        """A line needs two points: one that has no neighbour is a shape of its own."""
        assert drawn(*values).lines[0].path.count("z") == shapes

    def test_neighbours_are_a_line(self) -> None:
        """They need no shape."""
        assert "z" not in drawn(2.0, 3.0).lines[0].path

    def test_a_small_curve(self) -> None:
        """The card of a run with one display is not empty."""
        path, _ = sparkline([Bucket(0, 0, 2.0, 2.0)])

        assert path.endswith("h4")


class TestAxes:
    def test_iterations_are_told_once(self) -> None:
        """One display is no reason for two zeros."""
        assert [label for _, label in drawn(2.0).x_ticks] == ["0", "1"]

    def test_nothing_finite(self) -> None:
        """Where all is nan no scale is made up."""
        assert drawn(None, None).y_ticks == []

    def test_pictures_of_a_run_stand_under_each_other(self) -> None:
        """All begin and end at the same iteration, though the first has no speed."""
        log = CaffeLog.started()
        log.displays(range(0, 100, 10))
        run = watch(log).history().runs[-1]

        assert {x.x_range for x in charts([NamedRun("", run)])} == {(0.0, 90.0)}


class TestOtherOutputs:
    @pytest.mark.parametrize("displays", [1, 5, 1499, 1500])
    def test_the_loss_once_more(self, displays: int) -> None:
        """A training output that is what was displayed as the loss is not drawn a second time.

        Nor where the average of one was rounded otherwise, or where the log ends between the two.
        """
        log = CaffeLog.started(display=1)
        for number in range(displays):
            loss = 2.0 + number % 7
            log.iteration(number, loss + 1e-5, {"loss": loss})
        log.say(f"Iteration {displays} (100 iter/s, 0.1s/10 iters), loss = 9")
        log.test(displays, outputs={"accuracy": 0.5})
        run = watch(log).history().runs[-1]

        outputs = next(x for x in charts([NamedRun("", run)]) if x.id == "outputs")

        assert [x.name for x in outputs.lines] == ["test0 accuracy"]

    def test_a_loss_without_its_average(self) -> None:
        """One that differs from what was displayed is."""
        log = CaffeLog.started()
        log.display(0, loss=2.0)
        log.iteration(10, 2.0, outputs={"loss": 1.5})
        run = watch(log).history().runs[-1]

        outputs = next(x for x in charts([NamedRun("", run)]) if x.id == "outputs")

        assert [(x.name, x.last) for x in outputs.lines] == [("train loss", "1.5")]


def test_what_was_before_the_first_iteration() -> None:
    """A resume is marked where the curve begins; what lies outside is not shown."""
    buckets = [Bucket(n, n, 1.0, 1.0) for n in (50, 60)]
    marks = [Mark(None, "resumed", "from x"), Mark(60, "snapshot", "y"), Mark(70, "snapshot", "z")]

    made = chart("loss", "Loss", [Line("loss", buckets)], marks)

    assert made is not None
    assert [(x.x, x.text) for x in made.marks] == [(LEFT, "from x"), (WIDTH - RIGHT, "y")]


def test_infinity_is_no_place() -> None:
    """A bucket with nothing finite has a band and no point."""
    made = chart("loss", "Loss", [Line("loss", [Bucket(0, 0, None, None, 2)])])

    assert made is not None
    assert (made.lines[0].path, bool(made.lines[0].odd), made.lines[0].last) == ("", True, str(inf))
