"""The pictures of runs: which charts there are, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from caffewatch.draw.axis import Scale
from caffewatch.draw.chart import MOST_POINTS, Chart, Line, chart
from caffewatch.draw.heat import Heat, heat
from caffewatch.history.frozen import Fault, RunHistory, Series
from caffewatch.history.layers import QUANTITIES


@dataclass(frozen=True, slots=True)
class NamedRun:
    """A run and what it is called beside others; an empty name where it is alone."""

    name: str
    run: RunHistory


def charts(runs: Sequence[NamedRun], scale: Scale = "auto") -> list[Chart]:
    """Draw loss, outputs, learning rate and speed of runs over each other."""
    marks = runs[0].run.marks if len(runs) == 1 else ()
    of_loss: Scale = "log" if scale == "auto" else scale
    wanted: tuple[tuple[str, str, Scale, Callable[[Series], bool]], ...] = (
        ("loss", "Loss", of_loss, _loss),
        ("outputs", "Other outputs", scale, _outputs),
        ("lr", "Learning rate", scale, _named("lr")),
        ("speed", "Iterations per second", scale, _named("speed")),
    )
    points = max(50, MOST_POINTS // len(runs))
    found = []
    for id, title, how, choose in wanted:
        lines = [
            Line(_called(one.name, series), series.curve.buckets(points))
            for one in runs
            for series in one.run.series
            if choose(series)
        ]
        found.append(chart(id, title, lines, marks, how))
    return [x for x in found if x is not None]


def maps(run: RunHistory) -> list[Heat]:
    """Draw the layer maps of a run: gradients first."""
    return [x for quantity in QUANTITIES if (x := heat(run.layers, quantity)) is not None]


def ranked(faults: Sequence[Fault]) -> list[Fault]:
    """Return the faults, what people are told of first, worst first."""
    order = {"critical": 0, "warning": 1, "info": 2}
    return sorted(faults, key=lambda x: (not x.loud, order[x.severity], x.line))


def _loss(series: Series) -> bool:
    is_loss = "loss" in series.name.lower()
    return is_loss and (series.index is None or series.net != "train")


def _outputs(series: Series) -> bool:
    return series.index is not None and not _loss(series)


def _named(name: str) -> Callable[[Series], bool]:
    return lambda series: series.index is None and series.name == name


def _called(run: str, series: Series) -> str:
    own = series.name if series.index is None else f"{series.net} {series.name}"
    return f"{run} {own}".strip()
