"""The pictures of runs: which charts there are, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isclose

from caffewatch.draw.axis import Scale
from caffewatch.draw.chart import DASHES, MOST_POINTS, Chart, Line, chart, span_of
from caffewatch.draw.heat import FEWEST_COLUMNS, MOST_CELLS, Heat, heat
from caffewatch.history.curve import Bucket
from caffewatch.history.frozen import Fault, RunHistory, Series
from caffewatch.history.layers import QUANTITIES

_FEWEST_POINTS = 50
_ALIKE = 0.01
"""Of a value: less cannot be seen in a curve. Caffe's averages of one value differ from it too."""


@dataclass(frozen=True, slots=True)
class NamedRun:
    """A run and what it is called beside others; an empty name where it is alone."""

    name: str
    run: RunHistory


def charts(
    runs: Sequence[NamedRun], scale: Scale = "auto", points: int = MOST_POINTS
) -> list[Chart]:
    """Draw loss, outputs, learning rate and speed of runs over each other.

    Of several runs each has a colour, and its curves differ in their dashes; together they have
    ``points`` for each kind of curve. All pictures begin and end at the same iterations.
    """
    marks = runs[0].run.marks if len(runs) == 1 else ()
    of_loss: Scale = "log" if scale == "auto" else scale
    wanted: tuple[tuple[str, str, Scale, Callable[[Series], bool]], ...] = (
        ("loss", "Loss", of_loss, _loss),
        ("outputs", "Other outputs", scale, _outputs),
        ("lr", "Learning rate", scale, _named("lr")),
        ("speed", "Iterations per second", scale, _named("speed")),
    )
    each = max(_FEWEST_POINTS, points // len(runs))
    drawn = [
        (
            id,
            title,
            how,
            [x for n, one in enumerate(runs) for x in _lines(one, n, choose, each, len(runs))],
        )
        for id, title, how, choose in wanted
    ]
    every = [line for *_, lines in drawn for line in lines if line.buckets]
    span = span_of(every) if every else None
    found = (chart(id, title, lines, marks, how, span) for id, title, how, lines in drawn)
    return [x for x in found if x is not None]


def maps(run: RunHistory, share: int = 1, cells: int = MOST_CELLS) -> list[Heat]:
    """Draw the layer maps of a run, of so many cells each: gradients first.

    It takes its ``share`` of the cells, and of the columns of a net that is too deep for them.
    """
    drawn = (
        heat(run.layers, quantity, cells // share, FEWEST_COLUMNS // share)
        for quantity in QUANTITIES
    )
    return [x for x in drawn if x is not None]


def ranked(faults: Sequence[Fault]) -> list[Fault]:
    """Return the faults, what people are told of first, worst first."""
    order = {"critical": 0, "warning": 1, "info": 2}
    return sorted(faults, key=lambda x: (not x.loud, order[x.severity], x.line))


def _lines(
    one: NamedRun, number: int, choose: Callable[[Series], bool], points: int, runs: int
) -> list[Line]:
    chosen = [x for x in one.run.series if choose(x) and not _repeats_loss(x, one.run)]
    return [
        Line(
            _called(one.name, series), series.curve.buckets(points),
            number if runs > 1 else None, dash % DASHES if runs > 1 else 0,
        )
        for dash, series in enumerate(chosen)
    ]  # fmt: skip


def _loss(series: Series) -> bool:
    is_loss = "loss" in series.name.lower()
    return is_loss and (series.index is None or series.net != "train")


def _outputs(series: Series) -> bool:
    return series.index is not None and not _loss(series)


def _repeats_loss(series: Series, run: RunHistory) -> bool:
    """Tell an output of which Caffe displays the average of one as the loss."""
    if series.index is None or series.net != "train":
        return False
    (loss,) = filter(_named("loss"), run.series)
    own = series.curve.buckets()
    theirs = loss.curve.buckets(len(own), until=own[-1].last)
    if len(own) != len(theirs):
        return False
    # The loss of a display comes before its outputs, which may not have been read as yet.
    known = len(own) - (theirs[-1].last > own[-1].last)
    return all(map(_look_alike, own[:known], theirs[:known]))


def _look_alike(one: Bucket, other: Bucket) -> bool:
    """Tell whether two buckets differ by no more than Caffe's rounding of averages."""
    if (one.first, one.last, one.odd) != (other.first, other.last, other.odd):
        return False
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return one.low is other.low
    return isclose(one.low, other.low, rel_tol=_ALIKE) and isclose(
        one.high, other.high, rel_tol=_ALIKE
    )


def _named(name: str) -> Callable[[Series], bool]:
    return lambda series: series.index is None and series.name == name


def _called(run: str, series: Series) -> str:
    own = series.name if series.index is None else f"{series.net} {series.name}"
    return f"{run} {own}".strip()
