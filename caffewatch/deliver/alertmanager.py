"""Prometheus' Alertmanager: every firing alert, again and again, to every one of its instances.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from caffewatch.alert.model import Alert
from caffewatch.alert.notification import Notification
from caffewatch.deliver.http import HttpClient, Request
from caffewatch.deliver.level import REFRESH, LevelReceiver
from caffewatch.deliver.outcome import Delivered, Outcome, Retry
from caffewatch.deliver.payload import annotated, rfc3339, texts
from caffewatch.deliver.receiver import ReceiverSettings
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.site import Site
from caffewatch.deliver.transport import Transport

AHEAD = 4 * REFRESH
"""Seconds for which a firing alert holds over there when we are not heard of any more."""
MAX_ALERTS = 64
"""Alerts in one POST, as Prometheus does."""

_PATH = "/api/v2/alerts"


@dataclass(frozen=True, kw_only=True)
class AlertmanagerSettings(ReceiverSettings, Transport):
    """The instances of one Alertmanager; each is told everything, for they share only silences."""

    type: ClassVar[str] = "alertmanager"
    level_triggered: ClassVar[bool] = True
    urls: tuple[Secret, ...]


class AlertmanagerReceiver(LevelReceiver):
    """Posts to every instance; one that fails holds up no other."""

    min_interval = 0.0

    def __init__(self, settings: AlertmanagerSettings, site: Site) -> None:
        many = len(settings.urls) > 1
        lanes = [
            Instance(f"{settings.name} urls[{i}]" if many else settings.name, url, settings, site)
            for i, url in enumerate(settings.urls)
        ]
        super().__init__(settings.name, lanes)

    def send(self, notification: Notification, now: float) -> Outcome:
        """Post alerts once to every instance; the outcome is the first failure's."""
        for_each = [(lane.name, lane.post(notification.alerts, now)) for lane in self.lanes]
        failed = [(name, x) for name, x in for_each if not isinstance(x, Delivered)]
        if not failed:
            return Delivered()
        name, outcome = failed[0]
        where = name.removeprefix(self.name).strip()
        return replace(outcome, reason=f"{where}: {outcome.reason}") if where else outcome


class Instance:
    """One Alertmanager."""

    def __init__(self, name: str, url: Secret, transport: Transport, site: Site) -> None:
        self.name = name
        self._url = endpoint(url)
        self._site = site
        self._client = HttpClient(transport)

    def post(self, alerts: Sequence[Alert], now: float) -> Outcome:
        """Post alerts once, in pieces; a piece that is refused holds up no other."""
        result: Outcome = Delivered()
        for start in range(0, len(alerts), MAX_ALERTS):
            piece = alerts[start : start + MAX_ALERTS]
            outcome = self._client.send(render(self._url, piece, self._site, now), now)
            if isinstance(outcome, Retry):
                return outcome
            result = outcome if isinstance(result, Delivered) else result
        return result

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def endpoint(url: Secret) -> Secret:
    """Add the path of the API to an instance's URL, unless it is there."""
    parts = urlsplit(url.reveal())
    path = parts.path.rstrip("/").removesuffix(_PATH) + _PATH
    return Secret(urlunsplit(parts._replace(path=path)))


def render(url: Secret, alerts: Sequence[Alert], site: Site, now: float) -> Request:
    """Make the request of one try."""
    body = json.dumps([_posted(x, site, now) for x in alerts], ensure_ascii=False).encode()
    return Request(url, {"Content-Type": "application/json"}, body)


def _posted(alert: Alert, site: Site, now: float) -> dict[str, Any]:
    labels = texts(alert.labels)
    ends_at = now + AHEAD if alert.ends_at is None else max(alert.starts_at, alert.ends_at)
    if alert.state == "event":
        ends_at = alert.starts_at + AHEAD  # long enough to be told over there
    page = site.job(labels.get("training_job", ""))
    return {
        "labels": labels,
        "annotations": annotated(alert, site),
        "startsAt": rfc3339(alert.starts_at),
        "endsAt": rfc3339(ends_at),
        **({"generatorURL": page} if page else {}),
    }
