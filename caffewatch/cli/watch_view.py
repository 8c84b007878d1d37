"""What ``caffewatch watch`` shows: a table on a terminal, and lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from caffewatch.detect.finding import Finding
from caffewatch.log.run import Run
from caffewatch.monitor import Monitor
from caffewatch.report.plain import plain
from caffewatch.snapshot import LayerHealth

_LAYERS = 3
_STYLES = {"critical": "bold red", "warning": "bold yellow", "info": "cyan"}
_WIDE = 100
"""Characters of a line from which the table is whole."""
_WIDE_ONLY = frozenset({"lr", "it/s", "gradients, trouble first"})
COLUMNS = ("log", "state", "iteration", "loss", "lr", "it/s", "ETA", "gradients, trouble first")


Row = tuple[str, Monitor | None, str | None]
"""A log: its name, what judges it, why it cannot be read."""


def screen(found: Sequence[Text], logs: Iterable[Row], console: Console) -> Group:
    """Draw the whole screen: the newest findings in its upper half, under them the table."""
    left = console.height // 2
    shown: list[Text] = []
    for line in reversed(found):
        left -= len(line.wrap(console, console.width))
        if left < 0:
            break
        shown.insert(0, line)
    return Group(*shown, table(logs, console.width))


def table(logs: Iterable[Row], width: int) -> Table:
    """Draw all logs, a row each, with what has room in so many columns."""
    shown = [at for at, name in enumerate(COLUMNS) if width >= _WIDE or name not in _WIDE_ONLY]
    drawn = Table(expand=True)
    for at in shown:
        drawn.add_column(COLUMNS[at], overflow="fold")
    for name, monitor, problem in logs:
        cells = _cells(name, monitor, problem)
        drawn.add_row(*(cells[at] for at in shown))
    return drawn


def display_line(name: str, run: Run) -> str:
    """Describe a display in one line."""
    of = f" of {run.max_iterations}" if run.max_iterations else ""
    shown = [f"{plain(name)}: iteration {run.iteration}{of}", f"loss {_number(run.loss)}"]
    shown += [f"lr {_number(run.learning_rate)}"] if run.learning_rate is not None else []
    shown += [f"{run.speed:.3g} it/s", f"ETA {_eta(run)}"] if run.speed else []
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
    firing = [x for x in record.findings if x.loud and x.state == "firing"]
    state = Text(picture.state if picture else "")
    for finding in firing:
        state.append(f"\n{finding.rule}", _STYLES[finding.severity])
    of = f"/{run.max_iterations}" if run.max_iterations else ""
    iteration = "" if run.iteration is None else f"{run.iteration}{of}"
    figures = (iteration, _number(run.loss), _number(run.learning_rate), _number(run.speed))
    troubled = {layer for finding in firing for layer in finding.layers}
    return [Text(plain(name)), state, *map(Text, (*figures, _eta(run))), _health(layers, troubled)]


def _health(layers: Iterable[LayerHealth], troubled: set[str]) -> Text:
    """Show the few layers that matter most: named by a finding, not finite, largest gradient."""
    shown = Text()
    known = [x for x in layers if x.gradient is not None or x.layer in troubled]
    for layer in sorted(known, key=lambda x: _rank(x, troubled))[:_LAYERS]:
        style = "bold red" if layer.layer in troubled else ""
        shown.append("\n" if shown else "").append(
            f"{plain(layer.layer)} {_number(layer.gradient)}", style
        )
    return shown


def _rank(layer: LayerHealth, troubled: set[str]) -> tuple[bool, bool, float]:
    gradient = layer.gradient or 0.0
    return layer.layer not in troubled, isfinite(gradient), -gradient if isfinite(gradient) else 0.0


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _eta(run: Run) -> str:
    if not run.speed or run.max_iterations is None or run.iteration is None or run.done:
        return ""
    minutes, seconds = divmod(int(max(0, run.max_iterations - run.iteration) / run.speed), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
