"""The JSON of ``caffewatch explain --format json`` (schema 1)."""

from __future__ import annotations

from typing import Any

from caffewatch.detect.finding import Finding
from caffewatch.draw.figures import number
from caffewatch.report.explain import Explanation, Reading

SCHEMA = 1


def report(log: str, explanation: Explanation) -> dict[str, Any]:
    """Describe a block; non-finite numbers are "nan", "inf" and "-inf"."""
    picture = explanation.picture
    block, run = picture.block, picture.run
    return {
        "schema": SCHEMA,
        "log": log,
        "run": run.ordinal,
        "iteration": block.iteration,
        "iteration_estimated": block.pass_.moment.estimated,
        "net": run.net_name or None,
        "reason": picture.reason or None,
        "complete": block.pass_.complete,
        "loss": number(block.loss),
        "learning_rate": number(block.learning_rate),
        "lines": [_line(reading) for reading in explanation.readings],
        "norms": _norms(explanation),
        "verdict": explanation.verdict,
        "findings": [_finding(finding) for finding in explanation.findings],
        "advice": list(explanation.advice),
    }


def _line(reading: Reading) -> dict[str, Any]:
    entry = reading.entry
    last = entry.history[-1] if entry.history else None
    return {
        "line": entry.line,
        **entry.blob._asdict(),
        "type": entry.kind or None,
        "value": number(entry.value),
        "meaning": reading.meaning,
        "normal": reading.normal,
        "note": reading.note or None,
        "history": {
            "median": number(entry.usual),
            "last": number(last),
            "blocks": len(entry.history),
        },
        "mark": reading.mark.text if reading.mark else None,
    }


def _norms(explanation: Explanation) -> dict[str, Any] | None:
    norms = explanation.picture.block.pass_.norms
    if norms is None:
        return None
    return {
        name: {"data": number(data), "diff": number(diff)}
        for name, (data, diff) in (("l1", norms.l1), ("l2", norms.l2))
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "state": finding.state,
        "iteration": finding.iteration,
        "line": finding.place.line,
        "layers": finding.layers,
        "message": finding.message,
        "advice": list(finding.advice),
        "caused_by": finding.caused_by,
    }
