"""The report as one HTML file, to be mailed or attached: it asks for nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import os.path
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from caffewatch.detect.snapshots import Verdict as Snapshots
from caffewatch.detect.snapshots import judge
from caffewatch.detect.words import count
from caffewatch.draw import assets, pages
from caffewatch.draw.chart import COLOURS, MOST_POINTS, Chart
from caffewatch.draw.heat import Heat
from caffewatch.draw.run_page import NamedRun, charts, maps, ranked
from caffewatch.history.frozen import Fault, RunHistory
from caffewatch.monitor import Monitor, RunRecord
from caffewatch.report.facts import (
    COLUMNS,
    Verdict,
    extent,
    facts,
    first_nan,
    progress,
    row,
    verdict,
)

MOST_CELLS = 6000
"""Cells of the layer maps of one quantity, over all runs: that keeps the file below a megabyte."""
MOST_CHARTED, MOST_MAPPED = 12, 3
"""Runs of which there are curves, and layer maps: first those with loud findings, then the last."""
_WORST_LAST = ("unknown", "healthy", "warning", "critical")


@dataclass(frozen=True)
class _ReadRun:
    history: RunHistory
    cells: Sequence[str]
    facts: Sequence[str]
    progress: str
    snapshots: Snapshots | None


@dataclass(frozen=True)
class ReadLog:
    """What the report shows of one log; holds no part of its monitor."""

    name: str
    verdict: Verdict
    extent: str
    runs: Sequence[_ReadRun]


@dataclass(frozen=True)
class _Shown:
    """A run as the template takes it."""

    anchor: str
    read: _ReadRun
    faults: Sequence[Fault]
    is_charted: bool
    is_mapped: bool
    charts: Sequence[Chart]
    maps: Sequence[Heat]


def take(name: str, monitor: Monitor) -> ReadLog:
    """Keep what a page shows of a log that was read to its end."""
    read = zip(monitor.runs, monitor.history().runs, strict=True)
    runs = [
        _ReadRun(
            history, row(record), tuple(facts(record.run)), progress(record.run), _snapshots(record)
        )
        for record, history in read
    ]
    return ReadLog(name, verdict(monitor.runs), extent(monitor), runs)


def page(logs: Sequence[ReadLog], version: str, interrupted: bool = False) -> str:
    """Write the report of all logs, in ASCII: whatever carries it need not know its encoding."""
    names = _short_names([log.name for log in logs])
    placed = [(n, at, run) for n, log in enumerate(logs) for at, run in enumerate(log.runs)]
    named = [
        NamedRun(_called(names[n], run.history, logs[n], len(logs)), run.history)
        for n, _, run in placed
    ]
    order = sorted(placed, key=lambda x: (not _is_loud(x[2]), -x[0], -x[1]))
    rank = {(n, at): place for place, (n, at, _) in enumerate(order)}
    style, script = assets.static("style.css"), assets.static("page.js")
    html = pages.render(
        "report.html.j2",
        title=names[0] if len(logs) == 1 else count(len(logs), "log"),
        health=max((log.verdict.health for log in logs), key=_WORST_LAST.index, default="unknown"),
        interrupted=interrupted,
        columns=COLUMNS,
        rows=[(_anchor(n, at), names[n], run.cells) for n, at, run in placed],
        overlaid=charts(named[-COLOURS:]) if len(named) > 1 else [],
        left_out=max(0, len(named) - COLOURS),
        logs=[
            (
                log,
                [
                    _shown(run, _anchor(n, at), rank[n, at], len(placed))
                    for at, run in enumerate(log.runs)
                ],
            )
            for n, log in enumerate(logs)
        ],
        version=version,
        style=Markup(style),
        style_hash=Markup(_hash(style)),
        script=Markup(script),
        script_hash=Markup(_hash(script)),
    )
    return html.encode("ascii", "xmlcharrefreplace").decode()


def _shown(run: _ReadRun, anchor: str, rank: int, runs: int) -> _Shown:
    """Draw the run of this rank among so many."""
    alone = [NamedRun("", run.history)]
    is_charted, is_mapped = rank < MOST_CHARTED, rank < MOST_MAPPED
    points = MOST_POINTS // min(runs, MOST_CHARTED)
    return _Shown(
        anchor, run, ranked(run.history.faults), is_charted, is_mapped,
        charts(alone, points=points) if is_charted else (),
        maps(run.history, min(runs, MOST_MAPPED), MOST_CELLS) if is_mapped else (),
    )  # fmt: skip


def _is_loud(run: _ReadRun) -> bool:
    return any(fault.loud for fault in run.history.faults)


def _snapshots(record: RunRecord) -> Snapshots | None:
    """Divide the snapshots of a run that had a nan, if it wrote any."""
    nan = first_nan(record.findings)
    found = judge(record.run, nan)
    return found if nan is not None and (found.last_clean or found.poisoned) else None


def _anchor(log: int, run: int) -> str:
    return f"log{log}-run{run}"


def _called(name: str, run: RunHistory, log: ReadLog, logs: int) -> str:
    number = f"run {run.ordinal}"
    if logs == 1:
        return number
    return name if len(log.runs) == 1 else f"{name} {number}"


def _short_names(names: Sequence[str]) -> Sequence[str]:
    """Leave the folders out where the rest still tells the logs apart."""
    short = [os.path.basename(name) or name for name in names]
    return short if max(Counter(short).values(), default=1) == 1 else names


def _hash(text: str) -> str:
    """Allow exactly this text, in the words of a Content-Security-Policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
