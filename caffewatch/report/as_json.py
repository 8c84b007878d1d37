"""The JSON of ``caffewatch check --format json`` (SPEC: schema 1)."""

from __future__ import annotations

from typing import Any

from caffewatch.detect.finding import Finding
from caffewatch.detect.snapshots import judge
from caffewatch.draw.figures import number
from caffewatch.log.glog import isoformat
from caffewatch.log.run import Run
from caffewatch.monitor import Monitor, RunRecord
from caffewatch.report.facts import first_nan

SCHEMA = 1


def report(log: str, monitor: Monitor) -> dict[str, Any]:
    """Describe one log that was read to its end."""
    return {
        "schema": SCHEMA,
        "log": log,
        "lines": monitor.parser.line,
        "unrecognised_lines": monitor.parser.unrecognised,
        "runs": [_run(record) for record in monitor.runs],
    }


def _run(record: RunRecord) -> dict[str, Any]:
    run = record.run
    return {
        "run": run.ordinal,
        "id": run.id,
        "net": run.net_name or None,
        "outcome": run.outcome,
        "started_at": isoformat(run.started_at),
        "ended_at": isoformat(run.ended_at),
        "iterations": {
            "first": run.first_iteration,
            "last": run.iteration,
            "max": run.max_iterations,
            "count": run.display_count,
            "display": run.display,
        },
        "debug_values": run.debug_values,
        "passes": run.passes,
        "snapshots": _snapshots(run, record.findings),
        "findings": [_finding(finding) for finding in record.findings],
        "events": [event._asdict() for event in run.life.events],
    }


def _snapshots(run: Run, findings: list[Finding]) -> dict[str, Any]:
    last, clean, poisoned = judge(run, first_nan(findings))
    return {"last": last, "last_clean": clean, "poisoned": list(poisoned)}


def _finding(finding: Finding) -> dict[str, Any]:
    place = finding.place
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "state": finding.state,
        "iteration": finding.iteration,
        "iteration_estimated": place.moment.estimated,
        "previous_iteration": place.previous_iteration,
        "phase": place.phase,
        "net": place.net,
        "layer": place.layer,
        "layers": finding.layers,
        "kind": place.kind,
        "blob": place.blob,
        "quantity": place.quantity,
        "value": number(place.value),
        "origin": finding.origin,
        "line": place.line,
        "message": finding.message,
        "advice": list(finding.advice),
        "evidence": [[moment.iteration, number(value)] for moment, value in finding.evidence],
        "affects": finding.affects,
        "caused_by": finding.caused_by,
    }
