"""The status page and the page of each job."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, quote

from caffewatch.alert.model import Alert
from caffewatch.draw import pages
from caffewatch.draw.axis import Scale
from caffewatch.draw.figures import duration
from caffewatch.draw.run_page import NamedRun, charts, maps, ranked
from caffewatch.snapshot import RunSnapshot
from caffewatch.web.answers import as_page
from caffewatch.web.api import seconds_left
from caffewatch.web.message import Response
from caffewatch.web.sight import Past, Sight, Watched


@dataclass(frozen=True, slots=True)
class _Row:
    """A log as a card shows it; an empty ``log`` for a job that has none."""

    job: str
    log: str
    href: str
    state: str
    run: RunSnapshot | None
    eta: str
    fraction: float | None
    alerts: Sequence[Alert]

    @property
    def bad_loss(self) -> bool:
        return self.run is not None and not math.isfinite(self.run.loss or 0.0)


def index(sight: Sight, version: str) -> Response:
    """Show all jobs, and before them what fires."""
    logs, alerts = sight.logs(), sight.loud()
    rows = []
    for name in sight.jobs:
        own = [_row(x, alerts) for x in logs if x.job == name]
        rows += own or [_Row(name, "", _href(name), "absent", None, "", None, ())]
    rows.sort(key=lambda row: (not row.alerts, row.state in ("finished", "stopped", "absent")))
    html = pages.render("index.html.j2", root="", version=version, alerts=alerts, rows=rows)
    return as_page(html)


def job(sight: Sight, version: str, name: str, query: str) -> Response:
    """Show one job: its alerts, and each log with curves and layer map."""
    asked = parse_qs(query).get("scale", [""])[-1]
    scale: Scale = "log" if asked == "log" else "linear" if asked == "linear" else "auto"
    logs = [_shown(x, sight.past(name, x.log), scale) for x in sight.of_job(name)]
    html = pages.render(
        "job.html.j2",
        root="../", version=version, job=name, alerts=sight.loud(name), logs=logs, scale=scale,
    )  # fmt: skip
    return as_page(html)


def static(name: str) -> Response:
    """Serve the style or the script."""
    return Response(HTTPStatus.OK, pages.static(name).encode(), pages.STATIC[name])


def _shown(one: Watched, past: Past | None, scale: Scale) -> dict[str, Any]:
    run = past.history.runs[-1] if past and past.history.runs else None
    return {
        "row": _row(one, ()),
        "run": run,
        "problem": "The daemon is busy; the history comes in a moment."
        if past is None and one.snapshot is not None
        else "No Caffe run in this log yet.",
        "charts": charts([NamedRun("", run)], scale) if run else [],
        "maps": maps(run) if run else [],
        "faults": ranked(run.faults) if run else [],
        "block": past.block if past else None,
    }


def _row(one: Watched, alerts: Sequence[Alert]) -> _Row:
    run = one.snapshot.run if one.snapshot else None
    left = seconds_left(run) if run else None
    fraction = None
    if run and run.iteration is not None and run.max_iterations:
        fraction = min(1.0, run.iteration / run.max_iterations)
    return _Row(
        one.job, one.log, _href(one.job), run.state if run else "waiting", run,
        "" if left is None else duration(left), fraction,
        [x for x in alerts if x.labels.get("log") == one.log],
    )  # fmt: skip


def _href(name: str) -> str:
    return f"jobs/{quote(name, safe='')}"
