"""What happens in the life of a run, as notices for those who ask for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import isfinite

from caffewatch.alert.model import Alert, Origin, identity
from caffewatch.detect.words import enumerate_layers
from caffewatch.log.glog import isoformat
from caffewatch.log.life import LifeEvent
from caffewatch.log.run import Run

PREFIX = "run_"
"""Before an event's kind in the name of its alert, to tell it from rules."""

TITLES: Mapping[str, str] = {
    "started": "run started",
    "resumed": "run resumed",
    "finetuned": "run begins with given weights",
    "snapshot": "snapshot written",
    "learning_rate": "learning rate changed",
    "finished": "run finished",
    "stopped": "run stopped early",
    "terminated": "run ended from outside",
    "crashed": "run crashed",
    "blind": "log says too little",
}
"""Kind of event -> what it is called."""

_ENDS = frozenset({"finished", "stopped", "terminated", "crashed"})
_SHOWN_OUTPUTS = 4


class Occasions:
    """Make notices of one run's events, the moment each is sure.

    Parameters
    ----------
    kinds
        What is asked for, of the kinds of `TITLES`.
    """

    def __init__(self, origin: Origin, kinds: Collection[str]) -> None:
        self._origin = origin
        self._kinds = frozenset(kinds)
        self._last: LifeEvent | None = None
        self._held: list[LifeEvent] = []
        self._displays = 0
        self._best: tuple[int, float] | None = None
        self._end = ""

    def take(self, run: Run, now: float) -> list[Alert]:
        """Take how the run stands after an event of the log; return the notices."""
        self._note_loss(run)
        events = [*self._held, *self._fresh(run.life.events)]
        self._held = []
        # Which layers it left out is told in the lines behind it.
        if events and events[-1].kind == "finetuned" and run.iteration is None:
            self._held = [events.pop()]
        return [self._notice(event, run, now) for event in events if self._is_asked_for(event, run)]

    def _fresh(self, events: Sequence[LifeEvent]) -> list[LifeEvent]:
        fresh: list[LifeEvent] = []
        for event in reversed(events):
            if event is self._last:
                break
            fresh.append(event)
        self._last = events[-1] if events else None
        return fresh[::-1]

    def _note_loss(self, run: Run) -> None:
        if run.displays.count == self._displays:
            return
        self._displays = run.displays.count
        last = run.displays.recent[-1]
        if isfinite(last.loss) and (self._best is None or last.loss < self._best[1]):
            self._best = last.iteration, last.loss

    def _is_asked_for(self, event: LifeEvent, run: Run) -> bool:
        """Tell whether to tell it: an end once, and none that does not count (after a stop)."""
        if event.kind not in _ENDS:
            return event.kind in self._kinds
        is_first, self._end = event.kind != self._end, event.kind
        return is_first and event.kind == run.outcome and event.kind in self._kinds

    def _notice(self, event: LifeEvent, run: Run, now: float) -> Alert:
        origin = self._origin
        where = (origin.host, origin.job, origin.log, run.id)
        number = "" if event.iteration is None else str(event.iteration)
        name = f" of {run.net_name}" if run.net_name else ""
        notes = {
            "summary": f"{TITLES[event.kind]}{name}{number and f' at iteration {number}'}",
            "description": self._described(event, run),
            "iteration": number,
            "line": str(event.line),
            "net": run.net_name,
            "log_time": isoformat(run.ended_at) or "",
        }
        return Alert(
            fingerprint=identity(*where, "event", event.kind, number, event.text),
            group=identity(*where),
            state="event",
            rule=PREFIX + event.kind,
            severity="info",
            labels={
                **origin.labels,
                "alertname": PREFIX + event.kind,
                "event": event.kind,
                "severity": "info",
                "host": origin.host,
                "training_job": origin.job,
                "log": origin.log,
                "run": run.id,
            },
            annotations={key: note for key, note in notes.items() if note},
            starts_at=now,
            ends_at=now,
        )

    def _described(self, event: LifeEvent, run: Run) -> str:
        text = event.text.rstrip(".")
        match event.kind:
            case "started":
                last = run.max_iterations
                upto = "" if last is None else f", up to iteration {last}"
                text = f"Training of {text} starts with {run.solver_type}{upto}"
            case "resumed":
                text = f"Training goes on {text}"
            case "finetuned":
                ignored = enumerate_layers(run.ignored_layers)
                text = f"Weights come {text}" + (f"; left out: {ignored}" if ignored else "")
            case "snapshot":
                text = f"Written: {text}"
            case "learning_rate":
                text = f"It went from {text}"
            case "finished" | "stopped":
                text = self._summary(run)
            case "terminated" | "crashed":
                text = f"{text}. {self._summary(run)}"
        return f"{text[:1].upper()}{text[1:]}."

    def _summary(self, run: Run) -> str:
        """Sum a run up: iterations, how long, losses, and what the tests gave."""
        parts = ["It ended before its first iteration"]
        if run.iteration is not None:
            parts = [f"Iterations {run.first_iteration} to {run.iteration}"]
        if run.started_at is not None and run.ended_at is not None:
            parts[0] += f" in {duration(run.ended_at - run.started_at)}"
        if run.displays.count:
            best = ""
            if self._best is not None:
                best = f", best {self._best[1]:.4g} at iteration {self._best[0]}"
            parts.append(f"Loss: last {run.displays.recent[-1].loss:.4g}{best}")
        outputs = list(run.test_outputs.values())[:_SHOWN_OUTPUTS]
        if outputs:
            parts.append("Test: " + ", ".join(f"{x.name} {x.value:.4g}" for x in outputs))
        return ". ".join(parts)


def duration(seconds: float) -> str:
    """Tell a duration in words, to two figures: 45 s, 12 min, 3 h 5 min, 2 d 4 h."""
    minutes = round(seconds / 60)
    if seconds < 59.5:
        return f"{max(seconds, 0.0):.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"
