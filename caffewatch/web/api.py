"""The JSON API, version 1; docs/api.md describes it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from werkzeug.exceptions import BadRequest, NotFound, ServiceUnavailable
from werkzeug.wrappers import Response

from caffewatch.alert.model import Alert
from caffewatch.draw.figures import number
from caffewatch.history.curve import Bucket
from caffewatch.history.frozen import LogHistory, RunHistory
from caffewatch.log.glog import isoformat
from caffewatch.snapshot import RunSnapshot
from caffewatch.web.answers import as_json
from caffewatch.web.sight import Sight, Watched

POINTS = 400
MOST_POINTS = 2000


def jobs(sight: Sight) -> Response:
    """List the jobs, each with its logs as they stand."""
    logs = sight.logs()
    return as_json(
        {
            "jobs": [
                {"name": name, "logs": [_log(x) for x in logs if x.job == name]}
                for name in sight.jobs
            ]
        }
    )


def alerts(sight: Sight) -> Response:
    """List the alerts that fire, worst first."""
    return as_json({"alerts": [_alert(x) for x in sight.loud()]})


def series(sight: Sight, job: str, query: Mapping[str, str]) -> Response:
    """Return the curves and marks of one run.

    Raises
    ------
    HTTPException
        The query is wrong, or asks for what is not there.
    """
    wanted = _Wanted(query, [x.log for x in sight.of_job(job)])
    if wanted.log is None:
        raise NotFound(f"job {job!r} has no log as yet")
    past = sight.past(job, wanted.log)
    if past is None:
        raise ServiceUnavailable("no history as yet; ask again in a second")
    run = choose(past.history, wanted.run)
    if run is None:
        raise NotFound("no run as yet")
    return as_json({"job": job, "log": wanted.log, **_series(run, wanted)})


def choose(history: LogHistory, wanted: str | None) -> RunHistory | None:
    """Return the run that is wanted, the newest for None; None where there is no run at all.

    Raises
    ------
    NotFound
        There is no such run.
    """
    run = history.choose(wanted)
    if run is None and wanted is not None:
        there = ", ".join(history.keys) or "none"
        raise NotFound(f"no such run; remembered are: {there}")
    return run


class _Wanted:
    """The query of ``series``, checked."""

    def __init__(self, given: Mapping[str, str], logs: list[str]) -> None:
        unknown = given.keys() - {"log", "run", "from", "to", "points"}
        if unknown:
            raise BadRequest(f"no such parameter: {', '.join(sorted(unknown))}")
        self.log = given.get("log", logs[-1] if logs else None)
        if self.log is not None and self.log not in logs:
            raise BadRequest("log: not one of the job's logs; /api/v1/jobs lists them")
        self.run = given.get("run")
        self.since = _whole(given, "from", 0)
        self.until = _whole(given, "to", 0)
        self.points = _whole(given, "points", 1, MOST_POINTS) or POINTS


def _whole(given: Mapping[str, str], name: str, least: int, most: int = 10**15 - 1) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 15 and least <= int(text) <= most):
        limits = f"from {least} on" if most == 10**15 - 1 else f"from {least} to {most}"
        raise BadRequest(f"{name}: expected a whole number {limits}")
    return int(text)


def _series(run: RunHistory, wanted: _Wanted) -> dict[str, Any]:
    since = -math.inf if wanted.since is None else wanted.since
    until = math.inf if wanted.until is None else wanted.until
    return {
        "run": run.ordinal,
        "id": run.id,
        "series": [
            {
                "net": x.net,
                "name": x.name,
                "index": x.index,
                "buckets": [_bucket(b) for b in x.curve.buckets(wanted.points, since, until)],
            }
            for x in run.series
        ],
        "marks": [
            {"iteration": x.iteration, "kind": x.kind, "text": x.text}
            for x in run.marks
            if x.iteration is None or since <= x.iteration <= until
        ],
    }


def _bucket(bucket: Bucket) -> dict[str, Any]:
    odd = [name for bit, name in ((1, "nan"), (2, "inf"), (4, "-inf")) if bucket.odd & bit]
    return {
        "first": bucket.first, "last": bucket.last, "min": bucket.low, "max": bucket.high,
        "not_finite": odd,
    }  # fmt: skip


def _log(one: Watched) -> dict[str, Any]:
    snapshot = one.snapshot
    return {
        "log": one.log,
        "last_written": one.last_written,
        "lines": snapshot.lines if snapshot else 0,
        "bytes": snapshot.bytes if snapshot else 0,
        "run": _run(snapshot.run) if snapshot and snapshot.run else None,
    }


def _run(run: RunSnapshot) -> dict[str, Any]:
    return {
        "run": run.ordinal,
        "id": run.id,
        "net": run.net or None,
        "solver_type": run.solver_type,
        "state": run.state,
        "started_at": isoformat(run.started_at),
        "iteration": run.iteration,
        "max_iterations": run.max_iterations,
        "seconds_left": number(seconds_left(run)),
        "loss": number(run.loss),
        "learning_rate": number(run.learning_rate),
        "iterations_per_second": number(run.iterations_per_second),
        "outputs": [
            {"net": x.net, "index": x.index, "name": x.name, "value": number(x.value)}
            for x in run.outputs
        ],
        "layers": [
            {
                "layer": x.layer,
                "activation": number(x.activation),
                "weight": number(x.weight),
                "gradient": number(x.gradient),
            }
            for x in run.layers
        ],
        "snapshot_iteration": run.snapshot_iteration,
        "non_finite_values": run.non_finite_values,
    }


def seconds_left(run: RunSnapshot) -> float | None:
    """Return the seconds to the last iteration at the present speed; None where that is unknown."""
    if run.state not in ("running", "stalled") or not run.iterations_per_second:
        return None
    if run.iteration is None or run.max_iterations is None:
        return None
    return max(0, run.max_iterations - run.iteration) / run.iterations_per_second


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "fingerprint": alert.fingerprint,
        "rule": alert.rule,
        "severity": alert.severity,
        "job": alert.labels.get("training_job"),
        "log": alert.labels.get("log"),
        "starts_at": alert.starts_at,
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
    }
