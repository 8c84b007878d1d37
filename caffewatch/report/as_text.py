"""The report that a person reads in a terminal: verdict first, then cause, evidence and advice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from caffewatch.alert.sparkline import sparkline
from caffewatch.detect.finding import Finding
from caffewatch.detect.snapshots import judge
from caffewatch.detect.words import count, enumerate_layers, spell
from caffewatch.log.glog import isoformat
from caffewatch.log.run import Run
from caffewatch.monitor import Monitor, RunRecord
from caffewatch.report.plain import plain
from caffewatch.report.side_by_side import side_by_side

_STYLES = {"critical": "bold red", "warning": "bold yellow", "info": "cyan"}
_TOLD = frozenset({"resumed", "finetuned", "learning_rate"})
_MOST_EVENTS = 8
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def report(log: str, monitor: Monitor, age: float | None = None) -> Iterator[Text]:
    """Describe one log that was read to its end, line by line.

    Parameters
    ----------
    age
        Seconds since the file was last written, None where that is not known.
    """
    runs = list(monitor.runs)
    loud = [f for record in runs for f in record.findings if f.loud]
    yield Text.assemble((plain(log), "bold"), ": ", _verdict(runs, loud))
    read = f"{count(monitor.parser.line, 'line')}, {count(len(runs), 'run')}"
    if monitor.parser.unrecognised:
        read += f", {count(monitor.parser.unrecognised, 'line')} not understood"
    yield Text(f"  {read}", style="dim")
    if len(runs) > 1:
        yield from side_by_side(runs)
    for record in runs:
        yield from _run(record, age if record is runs[-1] else None)


def _verdict(runs: Sequence[RunRecord], loud: Sequence[Finding]) -> Text:
    if not runs:
        return Text("no Caffe training log", style="yellow")
    if not loud:
        return Text("healthy", style="green")
    worst = "critical" if any(f.severity == "critical" for f in loud) else "warning"
    rules = ", ".join(dict.fromkeys(f.rule for f in loud))
    return Text(f"{worst}: {rules}", style=_STYLES[worst])


def _run(record: RunRecord, age: float | None) -> Iterator[Text]:
    run = record.run
    yield Text("")
    if run.outcome == "unfinished":
        yield Text(f"  The log just ends: still running, or killed without a word{_ago(age)}.")
    name = plain(run.net_name) or "unnamed net"
    style = {"crashed": "bold red", "terminated": "yellow"}.get(run.outcome, "bold")
    yield Text.assemble(
        f"  run {run.ordinal}: ", (name, "bold"), ", ", (run.outcome, style), _progress(run)
    )
    yield from (Text(f"    {line}", style="dim") for line in _facts(run))
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


def _progress(run: Run) -> str:
    if run.iteration is None:
        return " before its first iteration"
    of = f" of {run.max_iterations}" if run.max_iterations else ""
    return f" at iteration {run.iteration}{of}"


def _facts(run: Run) -> Iterator[str]:
    start, end = isoformat(run.started_at), isoformat(run.ended_at)
    if start:
        yield f"from {start[:19]} to {(end or start)[:19]}".replace("T", " ")
    if run.loss is not None:
        rate = "" if run.learning_rate is None else f", learning rate {run.learning_rate:g}"
        yield f"last loss {spell(run.loss)}{rate}"
    if run.display_count and not run.passes:
        yield "no debug_info: set debug_info: true in the solver to see where a fault begins"
    if run.ignored_layers:
        yield f"weights not loaded for: {plain(enumerate_layers(run.ignored_layers))}"
    told = [event for event in run.life.events if event.kind in _TOLD]
    for event in told[-_MOST_EVENTS:]:
        at = "" if event.iteration is None else f" after iteration {event.iteration}"
        yield f"{event.kind.replace('_', ' ')} {plain(event.text)}{at}"


def _rank(finding: Finding) -> tuple[bool, bool, int]:
    return (not finding.loud, finding.severity != "critical", finding.place.line)


def _finding(finding: Finding) -> Iterator[Text]:
    style = _STYLES[finding.severity] if finding.caused_by is None else "dim"
    ended = ", over" if finding.state == "resolved" else ""
    head = Text.assemble("    ", (f"{finding.severity} {finding.rule}", style))
    head.append(f" (line {finding.place.line}{ended})")
    if finding.caused_by is not None:
        head.append(f": follows from {finding.caused_by}")
        yield head
        return
    yield head
    yield Text(f"      {plain(finding.message)}")
    if len(finding.layers) > 1:
        yield Text(f"      layers: {plain(enumerate_layers(finding.layers))}")
    if len(finding.evidence) > 1:
        yield Text(f"      {_evidence(finding)}")
    for number, advice in enumerate(finding.advice, 1):
        yield Text(f"      {number}. {plain(advice)}", style="cyan")


def _evidence(finding: Finding) -> str:
    shown = finding.evidence[-5:]
    values = "  ".join(
        f"{'?' if moment.iteration is None else moment.iteration}: {spell(value)}"
        for moment, value in shown
    )
    return f"{sparkline([value for _, value in finding.evidence])}  {values}"


def _snapshots(run: Run, findings: Sequence[Finding]) -> Iterator[Text]:
    first = next((f for f in findings if f.rule == "non_finite"), None)
    _, clean, poisoned = judge(run, first)
    if first is not None and (clean or poisoned):
        yield Text(f"    last clean snapshot: {plain(clean or 'none')}", style="green")
        if poisoned:
            yield Text(f"    poisoned snapshots: {plain(', '.join(poisoned[:5]))}", style="red")
