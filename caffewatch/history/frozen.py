"""A log's history as other threads see it: copies that nobody changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from caffewatch.history.curve import Curve
from caffewatch.history.layers import LayerMap


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
