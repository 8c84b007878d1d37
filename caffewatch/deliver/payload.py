"""The JSON that Alertmanager sends to webhooks, and its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from caffewatch.alert.model import Alert
from caffewatch.alert.notification import Notification
from caffewatch.deliver.site import Site
from caffewatch.deliver.text import printable

NOT_ENDED = "0001-01-01T00:00:00Z"
"""Go's zero time: the ``endsAt`` of what still fires."""

_GROUP_LABELS = ("host", "training_job", "log", "run")
_VALUE_LIMIT = 10_000


def payload(notification: Notification, site: Site) -> dict[str, Any]:
    """Fill Alertmanager's webhook document, version 4.

    Its source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config. The
    alerts keep their order, so a firing and a resolved edge of one alert may both be in it.
    """
    alerts = notification.alerts
    labels = [texts(alert.labels) for alert in alerts]
    annotations = [annotated(alert, site) for alert in alerts]
    entries = [
        _alert(alert, alert_labels, alert_annotations, site)
        for alert, alert_labels, alert_annotations in zip(alerts, labels, annotations, strict=True)
    ]
    common_labels = _common(labels)
    return {
        "version": "4",
        "groupKey": notification.group,
        "truncatedAlerts": 0,
        "status": "firing" if any(x["status"] == "firing" for x in entries) else "resolved",
        "receiver": notification.receiver,
        "groupLabels": {k: common_labels[k] for k in _GROUP_LABELS if k in common_labels},
        "commonLabels": common_labels,
        "commonAnnotations": _common(annotations),
        "externalURL": site.external_url,
        "alerts": entries,
    }


def _alert(
    alert: Alert, labels: dict[str, str], annotations: dict[str, str], site: Site
) -> dict[str, Any]:
    # An event is over at once, but programs take notice of what fires.
    firing = alert.state != "resolved"
    return {
        "status": "firing" if firing else "resolved",
        "labels": labels,
        "annotations": annotations,
        "startsAt": rfc3339(alert.starts_at),
        "endsAt": NOT_ENDED if firing or alert.ends_at is None else rfc3339(alert.ends_at),
        "generatorURL": site.job(labels.get("training_job", "")),
        "fingerprint": alert.fingerprint,
    }


def annotated(alert: Alert, site: Site) -> dict[str, str]:
    """Return an alert's annotations, and links under the names that Alertmanager's users know."""
    links = {"runbook_url": site.rule(alert.rule), "dashboard_url": site.panel(alert)}
    return texts({**alert.annotations, **{name: url for name, url in links.items() if url}})


def rfc3339(seconds: float) -> str:
    """Write seconds since the epoch as RFC 3339 in UTC, to the millisecond."""
    stamp = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return stamp.replace("+00:00", "Z")


def texts(mapping: Mapping[str, str]) -> dict[str, str]:
    """Make labels or annotations fit for other programs, whose output may reach a terminal.

    Encodable, of bounded length, and without controls.
    """
    return {key: printable(value, _VALUE_LIMIT) for key, value in mapping.items()}


def _common(mappings: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Keep the pairs that are in every mapping."""
    first, *others = mappings
    return {k: v for k, v in first.items() if all(other.get(k) == v for other in others)}
