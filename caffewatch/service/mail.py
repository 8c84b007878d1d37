"""From edges to letters: whom each job's alerts are for, and when they are told again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from caffewatch.alert.model import Alert
from caffewatch.alert.notification import Letter, address
from caffewatch.config.settings import Job, Settings

Told = Mapping[tuple[str, str], tuple[int, float]]
"""(receiver, fingerprint) -> how often it was repeated, and when it was last written."""


class Mailroom:
    """Address alerts to the receivers of their job."""

    def __init__(self, settings: Settings) -> None:
        self._host = settings.host
        self._subscriptions = {x.name: x.subscription() for x in settings.receivers}
        self._by_letter = {x.name for x in settings.receivers if not x.level_triggered}
        self._receivers = {job.name: job.receivers for job in settings.jobs}
        self._group_wait = settings.alerts.group_wait
        self._repeat_interval = settings.alerts.repeat_interval

    @property
    def receivers(self) -> frozenset[str]:
        """The names of those who are configured."""
        return frozenset(self._subscriptions)

    @property
    def repeats_any(self) -> bool:
        """Whether alerts that still fire are told again at all."""
        return self._repeat_interval > 0

    def letters(self, job: Job, alerts: Iterable[Alert], now: float) -> list[Letter]:
        """Write the letters for edges of one job, in their order."""
        asked = [self._subscriptions[name] for name in job.receivers if name in self._by_letter]
        return address(alerts, asked, now, self._group_wait)

    def concerns(self, receiver: str, alert: Alert) -> bool:
        """Tell whether a receiver asked for an alert out of the state, of a job that is still."""
        labels = alert.labels
        if labels["host"] != self._host:
            return False
        asked = receiver in self._receivers.get(labels["training_job"], ())
        return asked and self._subscriptions[receiver].wants(alert)

    def repeats(self, job: Job, alerts: Iterable[Alert], told: Told, now: float) -> list[Letter]:
        """Write letters again for alerts that still fire, once ``repeat_interval`` is over."""
        due = []
        for letter in self.letters(job, alerts, now):
            known = told.get((letter.receiver, letter.alert.fingerprint))
            if known is not None and now - known[1] >= self._repeat_interval:
                due.append(_again(letter, known[0] + 1))
        return due


def _again(letter: Letter, repeat: int) -> Letter:
    """Mark a letter as one that was told before: people take the same words for something new."""
    notes = {**letter.alert.annotations, "repeat": str(repeat)}
    return replace(letter, repeat=repeat, alert=replace(letter.alert, annotations=notes))
