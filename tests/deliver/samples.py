"""Alerts and notifications to deliver."""

from __future__ import annotations

from dataclasses import replace

from caffewatch.alert.model import Alert, Severity
from caffewatch.alert.notification import Notification

STARTED = 1_795_418_400.25
"""2026-11-23T08:40:00.250Z"""


def alert(
    rule: str = "non_finite",
    severity: Severity = "critical",
    ends_at: float | None = None,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
) -> Alert:
    """Make a nan in conv1, or something else that was seen there."""
    return Alert(
        fingerprint="00112233445566aa",
        group="ffeeddccbbaa9988",
        state="firing" if ends_at is None else "resolved",
        rule=rule,
        severity=severity,
        labels={
            "alertname": rule,
            "severity": severity,
            "host": "gpu-07",
            "training_job": "imagenet",
            "log": "/data/train.log",
            "run": "1",
            "layer": "conv1",
            **(labels or {}),
        },
        annotations={
            "summary": "conv1's data is nan",
            "iteration": "17",
            "value": "nan",
            "advice": "Lower base_lr to a tenth.\nThen look at the input.",
            "snapshot": "lenet_iter_10.solverstate",
            **(annotations or {}),
        },
        starts_at=STARTED,
        ends_at=ends_at,
    )


def event(kind: str = "finished") -> Alert:
    """Make an event in the life of a run."""
    labels = {"event": kind}
    made = alert(f"run_{kind}", "info", ends_at=STARTED, labels=labels)
    return replace(made, state="event", fingerprint="00112233445566bb")


def notification(*alerts: Alert, id_: str = "cw_1", created_at: float = STARTED) -> Notification:
    """Bundle alerts, or a single one when none is given."""
    alerts = alerts or (alert(),)
    return Notification(id_, "hook", alerts[0].group, alerts, created_at)
