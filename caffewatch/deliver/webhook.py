"""POST of the JSON that Alertmanager's webhook receivers accept, signed as Standard Webhooks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

from caffewatch.alert.notification import Notification
from caffewatch.deliver import standard_webhooks
from caffewatch.deliver.http import HttpClient, Request
from caffewatch.deliver.outcome import Outcome
from caffewatch.deliver.payload import payload
from caffewatch.deliver.receiver import ReceiverSettings
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.site import Site
from caffewatch.deliver.transport import Transport


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

    def __init__(self, settings: WebhookSettings, site: Site) -> None:
        self.name = settings.name
        self._settings = settings
        self._site = site
        self._client = HttpClient(settings)

    def send(self, notification: Notification, now: float) -> Outcome:
        """Post one notification once."""
        return self._client.send(render(self._settings, notification, self._site, now), now)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def render(
    settings: WebhookSettings, notification: Notification, site: Site, now: float
) -> Request:
    """Make the request of one try: the body is the same on every try, the time stamp is not."""
    body = json.dumps(payload(notification, site), ensure_ascii=False).encode()
    secrets = () if settings.secret is None else (settings.secret,)
    key = None
    if settings.secret is not None:
        key = standard_webhooks.signing_key(settings.secret.reveal())
    headers = standard_webhooks.headers(notification.id, body, now, key)
    return Request(settings.url, {"Content-Type": "application/json", **headers}, body, secrets)
