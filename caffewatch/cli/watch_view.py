"""What ``caffewatch watch`` shows: a table on a terminal, and lines elsewhere."""

from __future__ import annotations

import os.path
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import partial
from math import isfinite

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from caffewatch.detect.finding import Finding
from caffewatch.draw.figures import short
from caffewatch.log.run import Run
from caffewatch.monitor import Monitor
from caffewatch.report.plain import plain
from caffewatch.snapshot import LayerHealth

_LAYERS = 3
_STYLES = {"critical": "bold red", "warning": "bold yellow", "info": "cyan"}
_WIDE = 100
"""Characters of a line from which the table is whole."""
_NARROW = 70
"""Characters of a line below which what is known of a log stands in two columns."""
_WIDE_ONLY = frozenset({"lr", "it/s", "gradients, trouble first"})
_FOLDED = frozenset({"log", "state", "gradients, trouble first"})
COLUMNS = ("log", "state", "iteration", "loss", "lr", "it/s", "ETA", "gradients, trouble first")


Row = tuple[str, Monitor | None, str | None]
"""A log: its name, what judges it, why it cannot be read."""


def screen(found: Sequence[Text], logs: Iterable[Row], console: Console) -> Group:
    """Draw the whole screen: the newest findings in its upper half, under them the table."""
    left = console.height // 2
    room = console.height
    shown: list[Text] = []
    for line in reversed(found):
        lines = len(line.wrap(console, console.width))
        left -= lines
        if left < 0:
            break
        room -= lines
        shown.insert(0, line)
    rows = sorted(logs, key=lambda row: not _firing(row[1]))
    whole = table(rows, console.width)
    if len(console.render_lines(whole)) <= room:
        return Group(*shown, whole)
    fits = partial(_fits, rows, console, room - 1)
    count = max(1, bisect_left(range(1, len(rows)), True, key=lambda n: not fits(n)))
    more = Text(f"and {len(rows) - count} more; a taller window shows them", "dim")
    return Group(*shown, table(rows[:count], console.width), more)


def _fits(rows: Sequence[Row], console: Console, room: int, count: int) -> bool:
    return len(console.render_lines(table(rows[:count], console.width))) <= room


def table(logs: Iterable[Row], width: int) -> Table:
    """Draw logs, a row each, with what has room in so many columns."""
    rows = list(logs)
    names = _shortened([name for name, *_ in rows])
    every = [
        _cells(name, monitor, problem)
        for name, (_, monitor, problem) in zip(names, rows, strict=True)
    ]
    drawn = Table(expand=True)
    if width < _NARROW:
        drawn.add_column("log", overflow="fold", ratio=3)
        drawn.add_column("run", overflow="fold", ratio=2)
        for cells in every:
            drawn.add_row(*_stacked(cells))
        return drawn
    shown = [at for at, name in enumerate(COLUMNS) if width >= _WIDE or name not in _WIDE_ONLY]
    for at in shown:
        drawn.add_column(COLUMNS[at], overflow="fold", no_wrap=COLUMNS[at] not in _FOLDED)
    for cells in every:
        drawn.add_row(*(cells[at] for at in shown))
    return drawn


def _stacked(cells: Sequence[Text]) -> tuple[Text, Text]:
    """Put the name over the state, and the figures below each other."""
    name, state, iteration, loss, _, _, eta, _ = cells
    figures = [iteration, Text("loss ") + loss, Text("ETA ") + eta]
    known = [x for x, value in zip(figures, (iteration, loss, eta), strict=True) if value]
    return Text("\n").join((name, state)), Text("\n").join(known)


def _shortened(names: Sequence[str]) -> list[str]:
    """Leave out the folder that all names begin with."""
    folders = {os.path.dirname(name) for name in names}
    if "-" in names or not all(folders) or len({os.path.isabs(x) for x in folders}) > 1:
        return list(names)
    common = os.path.commonpath(folders)
    return [os.path.relpath(name, common) for name in names]


def display_line(name: str, run: Run) -> str:
    """Describe a display in one line."""
    of = f" of {run.max_iterations}" if run.max_iterations else ""
    shown = [f"{plain(name)}: iteration {run.iteration}{of}", f"loss {short(run.loss)}"]
    shown += [f"lr {short(run.learning_rate)}"] if run.learning_rate is not None else []
    shown += [f"{short(run.speed)} it/s", f"ETA {_eta(run)}"] if run.speed else []
    return ", ".join(shown)


def finding_line(name: str, finding: Finding) -> Text:
    """Describe a finding that began or ended in one line."""
    over = "resolved: " if finding.state == "resolved" else ""
    head = f"{over}{finding.severity} {finding.rule}"
    line = Text.assemble(f"{plain(name)}: ", (head, _STYLES[finding.severity]))
    return line.append(f": {plain(finding.message)}")


def _cells(name: str, monitor: Monitor | None, problem: str | None) -> list[Text]:
    if monitor is None or not monitor.runs:
        return [Text(plain(name)), Text(plain(problem or "waiting")), *[Text("")] * 6]
    record, picture = monitor.runs[-1], monitor.snapshot().run
    run, layers = record.run, picture.layers if picture else ()
    firing = _firing(monitor)
    state = Text(picture.state if picture else "")
    for finding in firing:
        state.append(f"\n{finding.rule}", _STYLES[finding.severity])
    of = f"/{run.max_iterations}" if run.max_iterations else ""
    iteration = "" if run.iteration is None else f"{run.iteration}{of}"
    figures = (iteration, short(run.loss), short(run.learning_rate), short(run.speed))
    troubled = {layer for finding in firing for layer in finding.layers}
    return [Text(plain(name)), state, *map(Text, (*figures, _eta(run))), _health(layers, troubled)]


def _firing(monitor: Monitor | None) -> list[Finding]:
    """Return what is loud and not over in the newest run."""
    found = monitor.runs[-1].findings if monitor is not None and monitor.runs else ()
    return [x for x in found if x.loud and x.state == "firing"]


def _health(layers: Iterable[LayerHealth], troubled: set[str]) -> Text:
    """Show the few layers that matter most: named by a finding, not finite, largest gradient."""
    shown = Text()
    known = [x for x in layers if x.gradient is not None or x.layer in troubled]
    for layer in sorted(known, key=lambda x: _rank(x, troubled))[:_LAYERS]:
        style = "bold red" if layer.layer in troubled else ""
        shown.append("\n" if shown else "").append(
            f"{plain(layer.layer)} {short(layer.gradient)}", style
        )
    return shown


def _rank(layer: LayerHealth, troubled: set[str]) -> tuple[bool, bool, float]:
    gradient = layer.gradient or 0.0
    return layer.layer not in troubled, isfinite(gradient), -gradient if isfinite(gradient) else 0.0


def _eta(run: Run) -> str:
    if not run.speed or run.max_iterations is None or run.iteration is None or run.done:
        return ""
    minutes, seconds = divmod(int(max(0, run.max_iterations - run.iteration) / run.speed), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
