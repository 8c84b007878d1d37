"""From alerts to messages: who is told of an edge, and what one message holds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from caffewatch.alert.matchers import Matcher
from caffewatch.alert.model import SEVERITIES, Alert, Severity, identity


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one receiver asks for.

    ``min_severity`` drops milder alerts, ``send_resolved`` False drops the second edge, and all
    ``matchers`` have to fit an alert's labels. ``send_events`` are the kinds of events to be told,
    of whatever severity.
    """

    receiver: str
    min_severity: Severity = "warning"
    send_resolved: bool = True
    matchers: tuple[Matcher, ...] = ()
    send_events: tuple[str, ...] = ()

    def wants(self, alert: Alert) -> bool:
        """Tell whether this edge is one that the receiver asked to hear of."""
        if alert.state == "event":
            asked = alert.labels["event"] in self.send_events
        else:
            asked = SEVERITIES.index(alert.severity) >= SEVERITIES.index(self.min_severity)
            asked = asked and (alert.state == "firing" or self.send_resolved)
        return asked and all(matcher.matches(alert.labels) for matcher in self.matchers)


@dataclass(frozen=True, slots=True)
class Letter:
    """One edge on its way to one receiver: a row of the outbox before it is bundled.

    ``due_at`` is when it may leave (``group_wait`` after it was written), seconds since the epoch.
    ``repeat`` counts the times that a firing alert was told again.
    """

    receiver: str
    alert: Alert
    created_at: float
    due_at: float
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Notification:
    """Changed alerts of one run, bundled for one receiver; never changed once it has an id.

    ``id`` is a hash of the receiver and of every alert's fingerprint, state and repeat, so it is
    the same on every try and after a restart.
    """

    id: str
    receiver: str
    group: str
    alerts: tuple[Alert, ...]
    created_at: float


def address(
    alerts: Iterable[Alert], subscriptions: Iterable[Subscription], now: float, group_wait: float
) -> list[Letter]:
    """Write one letter for each edge and each receiver that wants it, in the order of the edges."""
    receivers = list(subscriptions)
    return [
        Letter(subscription.receiver, alert, created_at=now, due_at=now + group_wait)
        for alert in alerts
        for subscription in receivers
        if subscription.wants(alert)
    ]


def bundle(receiver: str, letters: Iterable[Letter]) -> Notification:
    """Put letters of one run and receiver into one notification, in their order."""
    letters = list(letters)
    parts = [part for x in letters for part in (x.alert.fingerprint, x.alert.state, str(x.repeat))]
    return Notification(
        id="cw_" + identity(receiver, *parts),
        receiver=receiver,
        group=letters[0].alert.group,
        alerts=tuple(x.alert for x in letters),
        created_at=min(x.created_at for x in letters),
    )


def alert_to_json(alert: Alert) -> str:
    """Encode an alert for the store."""
    return json.dumps(asdict(alert), ensure_ascii=True, sort_keys=True)


def alert_from_json(text: str) -> Alert:
    """Decode what `alert_to_json` wrote.

    Raises
    ------
    ValueError
        The text is not such an encoding.
    """
    try:
        return Alert(**json.loads(text))
    except TypeError as error:
        raise ValueError(f"not an encoded alert: {error}") from error
