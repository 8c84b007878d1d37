"""The report that a person reads in a terminal: verdict first, then cause, evidence and advice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from caffewatch.alert.sparkline import sparkline
from caffewatch.detect.finding import Finding
from caffewatch.detect.snapshots import judge
from caffewatch.detect.words import count, enumerate_layers, spell
from caffewatch.log.run import Run
from caffewatch.monitor import Monitor, RunRecord
from caffewatch.report.facts import extent, facts, first_nan, progress, verdict
from caffewatch.report.plain import plain
from caffewatch.report.side_by_side import side_by_side
from caffewatch.report.styled import Line

_STYLES = {
    "critical": "bold red", "warning": "bold yellow", "info": "cyan", "healthy": "green",
    "unknown": "yellow",
}  # fmt: skip
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def report(log: str, monitor: Monitor, age: float | None = None) -> Iterator[Line]:
    """Describe one log that was read to its end, line by line.

    Parameters
    ----------
    age
        Seconds since the file was last written, None where that is not known.
    """
    runs = list(monitor.runs)
    judged = verdict(runs)
    yield Line((plain(log), "bold"), ": ", (judged.words, _STYLES[judged.health]))
    yield Line((f"  {extent(monitor)}", "dim"))
    if len(runs) > 1:
        yield from side_by_side(runs)
    for record in runs:
        yield from _run(record, age if record is runs[-1] else None)


def _run(record: RunRecord, age: float | None) -> Iterator[Line]:
    run = record.run
    yield Line()
    if run.outcome == "unfinished":
        yield Line(f"  The log just ends: still running, or killed without a word{_ago(age)}.")
    name = plain(run.net_name) or "unnamed net"
    style = {"crashed": "bold red", "terminated": "yellow"}.get(run.outcome, "bold")
    yield Line(
        f"  run {run.ordinal}: ", (name, "bold"), ", ", (run.outcome, style), f" {progress(run)}"
    )
    yield from (Line((f"    {line}", "dim")) for line in facts(run))
    for finding in sorted(record.findings, key=_rank):
        yield from _finding(finding)
    yield from _snapshots(run, record.findings)


def _ago(age: float | None) -> str:
    if age is None:
        return ""
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if age >= unit:
            return f"; last written {count(int(age // unit), name)} ago"
    return f"; last written {count(max(0, int(age)), 'second')} ago"


def _rank(finding: Finding) -> tuple[bool, bool, int]:
    return (not finding.loud, finding.severity != "critical", finding.place.line)


def _finding(finding: Finding) -> Iterator[Line]:
    style = _STYLES[finding.severity] if finding.caused_by is None else "dim"
    ended = ", over" if finding.state == "resolved" else ""
    cause = "" if finding.caused_by is None else f": follows from {finding.caused_by}"
    name = (f"{finding.severity} {finding.rule}", style)
    yield Line("    ", name, f" (line {finding.place.line}{ended}){cause}")
    if cause:
        return
    yield Line(f"      {plain(finding.message)}")
    if len(finding.layers) > 1:
        yield Line(f"      layers: {plain(enumerate_layers(finding.layers))}")
    if len(finding.evidence) > 1:
        yield Line(f"      {_evidence(finding)}")
    for number, advice in enumerate(finding.advice, 1):
        yield Line((f"      {number}. {plain(advice)}", "cyan"))


def _evidence(finding: Finding) -> str:
    shown = finding.evidence[-5:]
    values = "  ".join(
        f"{'?' if moment.iteration is None else moment.iteration}: {spell(value)}"
        for moment, value in shown
    )
    return f"{sparkline([value for _, value in finding.evidence])}  {values}"


def _snapshots(run: Run, findings: Sequence[Finding]) -> Iterator[Line]:
    first = first_nan(findings)
    _, clean, poisoned = judge(run, first)
    if first is not None and (clean or poisoned):
        yield Line((f"    last clean snapshot: {plain(clean or 'none')}", "green"))
        if poisoned:
            yield Line((f"    poisoned snapshots: {plain(', '.join(poisoned[:5]))}", "red"))
