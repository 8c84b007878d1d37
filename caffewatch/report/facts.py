"""What is said of a log and its runs in every kind of report, as plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from caffewatch.detect.finding import Finding
from caffewatch.detect.words import count, enumerate_layers, spell
from caffewatch.log.glog import isoformat
from caffewatch.log.run import Run
from caffewatch.monitor import Monitor, RunRecord
from caffewatch.report.plain import plain

Health = Literal["healthy", "warning", "critical", "unknown"]

COLUMNS = ("run", "net", "began", "outcome", "iterations", "first loss", "last loss", "lr", "found")
"""Headings of `row`."""
_WIDEST = 24
_TOLD = frozenset({"resumed", "finetuned", "learning_rate"})
_MOST_EVENTS = 8


class Verdict(NamedTuple):
    """How a log stands; ``rules`` are those that people are to be told of."""

    health: Health
    rules: tuple[str, ...]

    @property
    def words(self) -> str:
        """The verdict as a report begins with it."""
        if self.health == "unknown":
            return "no Caffe training log"
        return f"{self.health}: {', '.join(self.rules)}" if self.rules else self.health


def verdict(runs: Iterable[RunRecord]) -> Verdict:
    """Judge a log by its runs."""
    known = list(runs)
    if not known:
        return Verdict("unknown", ())
    loud = [f for record in known for f in record.findings if f.loud]
    if not loud:
        return Verdict("healthy", ())
    worst: Health = "critical" if any(f.severity == "critical" for f in loud) else "warning"
    return Verdict(worst, tuple(dict.fromkeys(f.rule for f in loud)))


def extent(monitor: Monitor) -> str:
    """Say how much was read."""
    read = f"{count(monitor.parser.line, 'line')}, {count(len(monitor.runs), 'run')}"
    if monitor.parser.unrecognised:
        read += f", {count(monitor.parser.unrecognised, 'line')} not understood"
    return read


def progress(run: Run) -> str:
    """Say how far a run has come."""
    if run.iteration is None:
        return "before its first iteration"
    of = f" of {run.max_iterations}" if run.max_iterations else ""
    return f"at iteration {run.iteration}{of}"


def facts(run: Run) -> Iterator[str]:
    """Tell what is worth knowing of a run beside its findings."""
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


def row(record: RunRecord) -> Sequence[str]:
    """Return the cells of a run in a table of several, under `COLUMNS`."""
    run = record.run
    loud = dict.fromkeys(finding.rule for finding in record.findings if finding.loud)
    began = isoformat(run.started_at) or ""
    start, last = run.displays.start, run.displays.level(1)
    return (
        str(run.ordinal),
        plain(run.net_name)[:_WIDEST],
        began[:19].replace("T", " "),
        run.outcome,
        "" if run.iteration is None else str(run.iteration),
        "" if start is None else spell(start),
        "" if last is None else spell(last),
        "" if run.learning_rate is None else f"{run.learning_rate:g}",
        ", ".join(loud) or "nothing",
    )


def first_nan(findings: Iterable[Finding]) -> Finding | None:
    """Return the finding by which snapshots are judged."""
    return next((f for f in findings if f.rule == "non_finite"), None)
