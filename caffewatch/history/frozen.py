"""A log's history as other threads see it: copies that nobody changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from caffewatch.detect.finding import Finding
from caffewatch.history.curve import Curve
from caffewatch.history.layers import LayerMap
from caffewatch.history.recorder import Recorder
from caffewatch.log.run import Run

_SHOWN_EVENTS = frozenset({"resumed", "finetuned", "snapshot", "learning_rate", "crashed",
                           "stopped", "terminated"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Series:
    """One curve and its name. ``net`` is train, test0 …; ``name`` loss, lr, speed or an output's.

    ``index`` numbers a net's outputs and is None for the others.
    """

    net: str
    name: str
    index: int | None
    curve: Curve


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at an iteration (None: before the first).

    ``kind`` is that of `caffewatch.log.life.LifeEvent`, or alert.
    """

    iteration: int | None
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A finding as it stands."""

    rule: str
    severity: Literal["info", "warning", "critical"]
    state: Literal["firing", "resolved"]
    loud: bool
    iteration: int | None
    line: int
    message: str
    layers: tuple[str, ...]
    advice: tuple[str, ...]
    evidence: tuple[tuple[int | None, float], ...]
    caused_by: str | None


@dataclass(frozen=True, slots=True)
class RunHistory:
    """One run: what it did over time, what happened in it, and what was found.

    ``started_at`` is by the log's own clock, in seconds as if that were UTC.
    """

    id: str
    ordinal: int
    net: str
    outcome: str
    started_at: float | None
    iteration: int | None
    max_iterations: int | None
    series: tuple[Series, ...]
    layers: LayerMap
    marks: tuple[Mark, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class LogHistory:
    """The runs of a log that are remembered, oldest first.

    ``version`` changes whenever anything has been read.
    """

    job: str
    log: str
    version: str
    runs: tuple[RunHistory, ...]

    @property
    def keys(self) -> list[str]:
        """A name for each run: its ordinal, or its id where a later file has that ordinal again."""
        last = {run.ordinal: run for run in self.runs}
        return [str(x.ordinal) if last[x.ordinal] is x else x.id for x in self.runs]

    def choose(self, wanted: str | None) -> RunHistory | None:
        """Return the run of a key or an id, the newest for None."""
        if wanted is None:
            return self.runs[-1] if self.runs else None
        named = zip(self.keys, self.runs, strict=True)
        return next((run for key, run in named if wanted in (key, run.id)), None)


def freeze(recorder: Recorder, run: Run, findings: Iterable[Finding]) -> RunHistory:
    """Copy what was recorded of a run, and what was found in it."""
    found = list(findings)
    return RunHistory(
        id=run.id,
        ordinal=run.ordinal,
        net=run.net_name,
        outcome=run.outcome,
        started_at=run.started_at,
        iteration=run.iteration,
        max_iterations=run.max_iterations,
        series=tuple(Series(*curve) for curve in recorder.curves()),
        layers=recorder.layers(),
        marks=tuple(_marks(run, found)),
        faults=tuple(map(_fault, found)),
    )


def _marks(run: Run, findings: Iterable[Finding]) -> Iterator[Mark]:
    for event in run.life.events:
        if event.kind in _SHOWN_EVENTS:
            yield Mark(event.iteration, event.kind, event.text)
    for finding in findings:
        if finding.loud:
            yield Mark(finding.iteration, "alert", finding.rule)


def _fault(finding: Finding) -> Fault:
    return Fault(
        rule=finding.rule,
        severity=finding.severity,
        state=finding.state,
        loud=finding.loud,
        iteration=finding.iteration,
        line=finding.place.line,
        message=finding.message,
        layers=tuple(finding.layers),
        advice=tuple(finding.advice),
        evidence=tuple((moment.iteration, value) for moment, value in finding.evidence),
        caused_by=finding.caused_by,
    )
