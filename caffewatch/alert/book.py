"""The alerts of one log: which fire, and the edges at which people are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from caffewatch.alert.folding import fold
from caffewatch.alert.model import Alert, Origin, identity, resolved
from caffewatch.alert.sparkline import sparkline
from caffewatch.detect.finding import Finding
from caffewatch.detect.registry import RULES
from caffewatch.detect.snapshots import judge
from caffewatch.detect.words import spell
from caffewatch.log.glog import isoformat
from caffewatch.log.run import Run

RECENT = 4
"""Values that a message shows in figures, beside the bars of all."""


class AlertBook:
    """Turn findings that began or ended into alerts that fire or resolve.

    A finding that follows from another is folded into it: it is listed there, and nobody is told.

    Parameters
    ----------
    known
        Fingerprint -> when it began to fire, of alerts that were told by an earlier process.
    """

    def __init__(self, origin: Origin, known: Mapping[str, float] | None = None) -> None:
        self.known = known or {}
        self._origin = origin
        self._firing: dict[str, tuple[Finding, Alert]] = {}
        self._fresh: dict[str, tuple[Finding, Run]] = {}

    @property
    def firing(self) -> Counter[tuple[str, str]]:
        """How many alerts fire now: (rule, severity) -> number."""
        return Counter((alert.rule, alert.severity) for _, alert in self._firing.values())

    @property
    def alerts(self) -> list[Alert]:
        """The alerts that fire now, oldest first."""
        return [alert for _, alert in self._firing.values()]

    def take(
        self, run: Run, changed: Iterable[Finding], all_of_run: Sequence[Finding], now: float
    ) -> list[Alert]:
        """Take findings that began or ended; return the edges, in their order."""
        edges = []
        for finding in changed:
            if finding.state == "resolved":
                edges += self._resolve([finding], run, now, "the condition is over")
            elif fold(finding, all_of_run, run) is None:
                alert = self._alert(finding, run, now)
                self._fresh[alert.fingerprint] = (finding, run)
                self._firing[alert.fingerprint] = (finding, alert)
                edges.append(alert)
        return edges

    def correct(self, edges: Iterable[Alert]) -> list[Alert]:
        """Give the edges of one read the iterations that the log told later in it."""
        corrected = [self._corrected(alert) for alert in edges]
        self._fresh.clear()
        return corrected

    def _corrected(self, alert: Alert) -> Alert:
        finding, run = self._fresh.get(alert.fingerprint, (None, None))
        if finding is None or run is None or alert.state == "resolved":
            return alert
        notes = _told({**alert.annotations, **_moment(finding, run)})
        corrected = replace(alert, annotations=notes)
        if alert.fingerprint in self._firing:
            self._firing[alert.fingerprint] = (finding, corrected)
        return corrected

    def finish(self, run: Run, now: float) -> list[Alert]:
        """Resolve what fires because the run finished well: with nothing critical."""
        if any(alert.severity == "critical" for _, alert in self._firing.values()):
            return []
        return self._resolve(self._findings(), run, now, "the run finished well")

    def clear(self, run: Run, now: float) -> list[Alert]:
        """Resolve all that fires: another run begins in this log."""
        return self._resolve(self._findings(), run, now, "a new run began in this log")

    def _findings(self) -> list[Finding]:
        return [finding for finding, _ in self._firing.values()]

    def _resolve(self, findings: Iterable[Finding], run: Run, now: float, why: str) -> list[Alert]:
        edges = []
        for finding in findings:
            entry = self._firing.pop(self._fingerprint(finding, run), None)
            if entry is not None:
                told = replace(entry[1], annotations=explain(finding, run))
                edges.append(resolved(told, now, why))
        return edges

    def _alert(self, finding: Finding, run: Run, now: float) -> Alert:
        fingerprint = self._fingerprint(finding, run)
        return Alert(
            fingerprint=fingerprint,
            group=identity(*self._where(run)),
            state="firing",
            rule=finding.rule,
            severity=finding.severity,
            labels=self._labels(finding, run),
            annotations=explain(finding, run),
            starts_at=self.known.get(fingerprint, now),
        )

    def _where(self, run: Run) -> tuple[str, ...]:
        return self._origin.host, self._origin.job, self._origin.log, run.id

    def _fingerprint(self, finding: Finding, run: Run) -> str:
        return identity(*self._where(run), finding.rule, str(finding.episode))

    def _labels(self, finding: Finding, run: Run) -> dict[str, str]:
        place = finding.place
        labels = dict(self._origin.labels) | {
            "alertname": finding.rule,
            "severity": finding.severity,
            "host": self._origin.host,
            "training_job": self._origin.job,
            "log": self._origin.log,
            "run": run.id,
        }
        optional = {"layer": place.layer, "blob": place.blob, "phase": place.phase}
        return labels | {name: value for name, value in optional.items() if value}


def explain(finding: Finding, run: Run) -> dict[str, str]:
    """Explain a finding to people: every value is text."""
    place = finding.place
    verdict = judge(run, finding if finding.rule == "non_finite" else None)
    notes = {
        **_moment(finding, run),
        "advice": "\n".join(finding.advice),
        "value": "" if place.value is None else spell(place.value),
        "line": str(place.line),
        "net": run.net_name,
        "log_time": isoformat(run.ended_at) or "",
        "snapshot": verdict.last_clean or "",
        "evidence": sparkline([value for _, value in finding.evidence]),
        "recent": " → ".join(f"{value:.3g}" for _, value in finding.evidence[-RECENT:]),
        "consequences": ", ".join(dict.fromkeys(finding.consequences)),
    }
    return _told(notes)


def _told(notes: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in notes.items() if value}


def _moment(finding: Finding, run: Run) -> dict[str, str]:
    """Return the notes that change when the log gives an iteration its number."""
    moment = finding.place.moment
    number = "" if moment.iteration is None else str(moment.iteration)
    return {
        "summary": _summary(finding, run),
        "description": finding.message,
        "iteration": number,
        "iteration_estimated": "true" if number and moment.estimated else "",
    }


def _summary(finding: Finding, run: Run) -> str:
    where = f" in layer {finding.place.layer}" if finding.place.layer else ""
    name = f" of {run.net_name}" if run.net_name else ""
    at = "" if finding.iteration is None else f" at {finding.when}"
    return f"{RULES[finding.rule].title}{where}{name}{at}"
