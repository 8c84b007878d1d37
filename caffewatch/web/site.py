"""The status page and the page of each job."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from caffewatch.alert.model import Alert
from caffewatch.draw import assets, pages
from caffewatch.draw.axis import Scale
from caffewatch.draw.figures import duration
from caffewatch.draw.run_page import NamedRun, charts, maps, ranked
from caffewatch.history.frozen import RunHistory
from caffewatch.snapshot import RunSnapshot
from caffewatch.web.answers import as_page
from caffewatch.web.api import choose, seconds_left
from caffewatch.web.sight import Past, Sight, Watched

MOST_ALERTS = 50
"""Alerts that are written out; the rest are counted."""
MOST_CARDS = 12
"""Logs of one job on the status page, and `MOST_DRAWN` of them with pictures on the job's page."""
MOST_DRAWN = 3
_PICTURES_KEPT = 8
"""Runs whose pictures are not drawn again for each who looks at them."""
MOST_LINES = 100
"""Lines of a block up to which all are shown unasked: of more, those that stand out."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A log as a card or a line shows it; an empty ``log`` for a job that has none."""

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


@dataclass(frozen=True, slots=True)
class _More:
    """Logs of a job that have no card."""

    job: str
    href: str
    count: int


def index(sight: Sight, version: str) -> Response:
    """Show all jobs, and before them what fires."""
    logs, alerts = sight.logs(), sight.loud()
    loud = _by_log(alerts)
    rows, more, shared = [], [], set()
    states: Counter[str] = Counter()
    for name in sight.jobs:
        own = _urgent([x for x in logs if x.job == name], loud)
        states.update([_state(x) for x in own] or [_state(None)])
        if many := len(own) > 1:
            shared.add(name)
        rows += [_row(x, loud, many) for x in own[:MOST_CARDS]]
        if not own:
            rows.append(_Row(name, "", _href(name), _state(None), None, "", None, sight.loud(name)))
        if len(own) > MOST_CARDS:
            more.append(_More(name, _href(name), len(own) - MOST_CARDS))
    rows.sort(key=lambda row: (not row.alerts, row.state in ("finished", "stopped", "absent")))
    html = pages.render(
        "index.html.j2",
        root="", version=version, alerts=alerts[:MOST_ALERTS], firing=len(alerts), rows=rows,
        more=more, many=shared, states=states.most_common(),
    )  # fmt: skip
    return as_page(html)


def job(sight: Sight, version: str, name: str, asked: Mapping[str, str]) -> Response:
    """Show one job: its alerts, and logs with curves and layer map.

    Of many logs it draws a few; ``log`` in the query chooses another, and ``run`` one of its runs.
    Of a large block it explains what stands out, with ``block=all`` every line.

    Raises
    ------
    NotFound
        There is no such log or run.
    """
    scale: Scale = _SCALES.get(asked.get("scale", ""), "auto")
    logs, alerts = sight.of_job(name), sight.loud(name)
    loud = _by_log(alerts)
    chosen = _urgent(logs, loud)[:MOST_DRAWN]
    wanted = asked.get("log", logs[-1].log if len(logs) > 1 and "run" in asked else None)
    if wanted is not None:
        chosen = [x for x in logs if x.log == wanted]
        alerts = list(loud.get(wanted, ()))
        if not chosen:
            raise NotFound("this job has no such log")

    def link(
        log: str | None = wanted,
        run: str | None = asked.get("run"),
        how: str = scale,
        block: str | None = None,
    ) -> str:
        """Lead to this page with something else chosen."""
        given = {"log": log, "run": run, "scale": None if how == "auto" else how, "block": block}
        return f"?{urlencode({key: value for key, value in given.items() if value is not None})}"

    html = pages.render(
        "job.html.j2",
        root="../", version=version, job=name, alerts=alerts[:MOST_ALERTS], firing=len(alerts),
        logs=[
            _shown(x, logs.index(x), sight.past(name, x.log), scale, asked.get("run"))
            for x in chosen
        ],
        scale=scale,
        others=[_row(x, loud, True) for x in logs if x not in chosen],
        several=len(logs) > 1,
        whole=asked.get("block") == "all",
        most_lines=MOST_LINES,
        link=link,
    )  # fmt: skip
    return as_page(html)


def static(name: str) -> Response:
    """Serve the style or the script."""
    return Response(assets.static(name), content_type=assets.STATIC[name])


_SCALES: dict[str, Scale] = {"log": "log", "linear": "linear"}


def _by_log(alerts: Sequence[Alert]) -> Mapping[str, Sequence[Alert]]:
    found: dict[str, list[Alert]] = {}
    for alert in alerts:
        found.setdefault(alert.labels.get("log", ""), []).append(alert)
    return found


def _urgent(logs: Sequence[Watched], loud: Mapping[str, Sequence[Alert]]) -> list[Watched]:
    """Put those with alerts first and those that are over last, and among them the later ones.

    Not by when they were written: two that are would change places every second.
    """
    ordered = list(reversed(logs))
    ordered.sort(key=lambda x: (x.log not in loud, _is_over(x)))
    return ordered


def _is_over(one: Watched) -> bool:
    run = one.snapshot.run if one.snapshot else None
    return run is not None and run.state not in ("running", "stalled")


def _shown(
    one: Watched, number: int, past: Past | None, scale: Scale, wanted: str | None
) -> dict[str, Any]:
    """Draw a run of a log, the newest unless another is ``wanted``.

    The log's ``number`` is the same however the page orders it.
    """
    history = past.history if past else None
    run = choose(history, wanted) if history else None
    runs = history.runs if history else ()
    is_newest = run is None or run is runs[-1]
    row = _row(one, {}, False)
    return {
        "number": number,
        "row": row,
        "run": run,
        "runs": [
            (x, key, row.state if x is runs[-1] else x.outcome)
            for x, key in zip(runs, history.keys if history else (), strict=True)
        ],
        "is_newest": is_newest,
        "problem": "The daemon is busy; the history comes in a moment."
        if past is None and one.snapshot is not None
        else "No Caffe run in this log yet.",
        "pictures": _pictures(run, number, scale) if run else "",
        "faults": ranked(run.faults) if run else [],
        "block": past.block if past and is_newest else None,
    }


@lru_cache(_PICTURES_KEPT)
def _pictures(run: RunHistory, number: int, scale: Scale) -> Markup:
    """Draw a run; a history is another object as soon as anything has been read."""
    drawn = charts([NamedRun("", run)], scale)
    html = pages.render("run.html.j2", n=number, run=run, charts=drawn, maps=maps(run))
    return Markup(html)


def _row(one: Watched, loud: Mapping[str, Sequence[Alert]], many: bool) -> _Row:
    """Describe a log; of ``many`` of one job its link leads to itself."""
    run = one.snapshot.run if one.snapshot else None
    left = seconds_left(run) if run else None
    fraction = None
    if run and run.iteration is not None and run.max_iterations:
        fraction = min(1.0, run.iteration / run.max_iterations)
    return _Row(
        one.job, one.log, _href(one.job, one.log if many else ""),
        _state(one), run, "" if left is None else duration(left), fraction,
        loud.get(one.log, ()),
    )  # fmt: skip


def _state(one: Watched | None) -> str:
    """Name the state of a log, or that of a job without any."""
    if one is None:
        return "absent"
    return one.snapshot.run.state if one.snapshot and one.snapshot.run else "waiting"


def _href(name: str, log: str = "") -> str:
    only = f"?log={quote(log, safe='')}" if log else ""
    return f"jobs/{quote(name, safe='')}{only}"
