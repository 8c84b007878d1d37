"""From edges to letters: whom each job's alerts are for."""

from __future__ import annotations

from collections.abc import Iterable

from caffewatch.alert.model import Alert
from caffewatch.alert.notification import Letter, address
from caffewatch.config.settings import Job, Settings


class Mailroom:
    """Address alerts to the receivers of their job."""

    def __init__(self, settings: Settings) -> None:
        self._subscriptions = {x.name: x.subscription() for x in settings.receivers}
        self._group_wait = settings.alerts.group_wait

    def letters(self, job: Job, alerts: Iterable[Alert], now: float) -> list[Letter]:
        """Write the letters for edges of one job, in their order."""
        asked = [self._subscriptions[name] for name in job.receivers]
        return address(alerts, asked, now, self._group_wait)
