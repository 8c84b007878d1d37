"""POST of the JSON that Alertmanager's webhook receivers accept, signed as Standard Webhooks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from caffewatch.alert.model import Alert
from caffewatch.alert.notification import Notification
from caffewatch.deliver import standard_webhooks
from caffewatch.deliver.http import HttpClient, Request
from caffewatch.deliver.outcome import Outcome
from caffewatch.deliver.receiver import Links, ReceiverSettings
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.text import encodable
from caffewatch.deliver.transport import Transport

NOT_ENDED = "0001-01-01T00:00:00Z"
"""Go's zero time: the ``endsAt`` of what still fires."""

_GROUP_LABELS = ("host", "training_job", "log", "run")
_VALUE_LIMIT = 10_000


@dataclass(frozen=True, kw_only=True)
class WebhookSettings(ReceiverSettings, Transport):
    """A program that takes Alertmanager's webhook JSON.

    ``url`` is a secret, as whoever knows it can post. ``secret`` signs every POST as Standard
    Webhooks; without one there is no signature.
    """

    type: ClassVar[str] = "webhook"
    url: Secret
    secret: Secret | None = None

    def __post_init__(self) -> None:
        if self.secret is not None:
            standard_webhooks.signing_key(self.secret.reveal())


class WebhookReceiver:
    """Renders and posts for one configured webhook."""

    min_interval = 0.0

    def __init__(self, settings: WebhookSettings, links: Links) -> None:
        self.name = settings.name
        self._settings = settings
        self._links = links
        self._client = HttpClient(settings)

    def send(self, notification: Notification, now: float) -> Outcome:
        """Post one notification once."""
        return self._client.post(render(self._settings, notification, self._links, now), now)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def render(
    settings: WebhookSettings, notification: Notification, links: Links, now: float
) -> Request:
    """Make the request of one try: the body is the same on every try, the time stamp is not."""
    body = json.dumps(payload(notification, links), ensure_ascii=False).encode()
    secrets = () if settings.secret is None else (settings.secret,)
    key = None
    if settings.secret is not None:
        key = standard_webhooks.signing_key(settings.secret.reveal())
    headers = standard_webhooks.headers(notification.id, body, now, key)
    return Request(settings.url, {"Content-Type": "application/json", **headers}, body, secrets)


def payload(notification: Notification, links: Links) -> dict[str, Any]:
    """Fill Alertmanager's webhook document, version 4.

    Its source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config. The
    alerts keep their order, so a firing and a resolved edge of one alert may both be in it.
    """
    alerts = notification.alerts
    labels = [_texts(alert.labels) for alert in alerts]
    annotations = [_texts(alert.annotations) for alert in alerts]
    common_labels = _common(labels)
    return {
        "version": "4",
        "groupKey": notification.group,
        "truncatedAlerts": 0,
        "status": "firing" if any(alert.state == "firing" for alert in alerts) else "resolved",
        "receiver": notification.receiver,
        "groupLabels": {k: common_labels[k] for k in _GROUP_LABELS if k in common_labels},
        "commonLabels": common_labels,
        "commonAnnotations": _common(annotations),
        "externalURL": links.external_url,
        "alerts": [
            _alert(alert, alert_labels, alert_annotations, links)
            for alert, alert_labels, alert_annotations in zip(
                alerts, labels, annotations, strict=True
            )
        ],
    }


def _alert(
    alert: Alert, labels: dict[str, str], annotations: dict[str, str], links: Links
) -> dict[str, Any]:
    return {
        "status": alert.state,
        "labels": labels,
        "annotations": annotations,
        "startsAt": rfc3339(alert.starts_at),
        "endsAt": NOT_ENDED if alert.ends_at is None else rfc3339(alert.ends_at),
        "generatorURL": links.job(labels.get("training_job", "")),
        "fingerprint": alert.fingerprint,
    }


def rfc3339(seconds: float) -> str:
    """Write seconds since the epoch as RFC 3339 in UTC, to the millisecond."""
    stamp = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return stamp.replace("+00:00", "Z")


def _texts(mapping: Mapping[str, str]) -> dict[str, str]:
    return {key: encodable(value, _VALUE_LIMIT) for key, value in mapping.items()}


def _common(mappings: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Keep the pairs that are in every mapping."""
    first, *others = mappings
    return {k: v for k, v in first.items() if all(other.get(k) == v for other in others)}
