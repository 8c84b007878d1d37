"""Jobs of which no log can be read: people are told of that too."""

from __future__ import annotations

from collections.abc import Iterable

from caffewatch.alert.model import Alert, Severity, identity, resolved
from caffewatch.alert.occasions import duration
from caffewatch.config.settings import Job, Settings

RULE = "missing_log"
"""In the place of a rule's id in alerts; no rule can find what is not in a log."""
SEVERITY: Severity = "warning"


class Absence:
    """Fires an alert for a job that has had no readable log for a while.

    Parameters
    ----------
    recalled
        Alerts of this kind that an earlier process told and that have not resolved.
    """

    def __init__(self, settings: Settings, recalled: Iterable[Alert]) -> None:
        self._host = settings.host
        self._after = settings.alerts.missing_after
        self._since: dict[str, tuple[float, float]] = {}
        self._jobs = {job.name: job for job in settings.jobs}
        told = {x.labels["training_job"]: x for x in recalled if x.rule == RULE}
        self._firing = {name: x for name, x in told.items() if name in self._jobs}

    @property
    def firing(self) -> list[tuple[Job, list[Alert]]]:
        """The alerts that fire now."""
        return [(self._jobs[name], [alert]) for name, alert in self._firing.items()]

    def alerts(self, job: Job) -> dict[tuple[str, str], int]:
        """Count a job's alerts that fire now, by (rule, severity), as metrics do."""
        return {(RULE, SEVERITY): int(job.name in self._firing)}

    def judge(self, job: Job, problem: str | None, now: float, steady: float) -> list[Alert]:
        """Take whether a job has a readable log; return the edge that follows from it.

        Parameters
        ----------
        problem
            Why it has none, None where it has.
        """
        if problem is None:
            self._since.pop(job.name, None)
            return self._resolve(job.name, now)
        since, began = self._since.setdefault(job.name, (now, steady))
        if steady - began < self._after or job.name in self._firing:
            return []
        alert = self._firing[job.name] = self._alert(job, problem, since, now, steady - began)
        return [alert]

    def _resolve(self, name: str, now: float) -> list[Alert]:
        alert = self._firing.pop(name, None)
        return [] if alert is None else [resolved(alert, now, "a log can be read again")]

    def _alert(self, job: Job, problem: str, since: float, now: float, seconds: float) -> Alert:
        where = (self._host, job.name, job.path, RULE)
        return Alert(
            # Its run is the time since when: one that comes again is another alert.
            fingerprint=identity(*where, str(int(since))),
            group=identity(*where),
            state="firing",
            rule=RULE,
            severity=SEVERITY,
            labels={
                **job.labels,
                "alertname": RULE,
                "severity": SEVERITY,
                "host": self._host,
                "training_job": job.name,
                "log": job.path,
            },
            annotations={
                "summary": f"no readable log of job {job.name}",
                "description": f"For {duration(seconds)} nothing could be read: {problem}.",
                "advice": "Is the job running, and does it write to this path?\n"
                "May the user that caffewatch runs as read the file, and enter its folders?",
            },
            starts_at=now,
        )
