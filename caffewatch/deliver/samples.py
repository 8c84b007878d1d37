"""Notifications as they may come, on which templates are tried out."""

from __future__ import annotations

from dataclasses import replace

from caffewatch.alert.model import Alert, resolved
from caffewatch.alert.notification import Notification

_MOMENT = 1_795_418_400.0

FIRING = Alert(
    fingerprint="00112233445566aa",
    group="ffeeddccbbaa9988",
    state="firing",
    rule="non_finite",
    severity="critical",
    labels={
        "alertname": "non_finite", "severity": "critical", "host": "gpu-07",
        "training_job": "imagenet", "log": "/data/imagenet/train.log", "run": "9f2c0d1e5a7b3c48",
        "layer": "conv1", "blob": "conv1", "phase": "forward",
    },
    annotations={
        "summary": "nan or inf in layer conv1 of CaffeNet at iteration 1700",
        "description": "At iteration 1700 the output of layer conv1 is nan; it reached 61 of the "
        "62 values of that block.",
        "advice": "Lower base_lr to a tenth.\nClip gradients.",
        "iteration": "1700", "iteration_estimated": "true", "value": "nan", "line": "6096",
        "net": "CaffeNet", "log_time": "2026-11-23T07:20:00", "evidence": "▁▁▁×",
        "recent": "0.301 → 0.302 → 0.3 → nan", "snapshot": "caffenet_iter_1500.solverstate",
        "consequences": "loss_divergence",
    },
    starts_at=_MOMENT,
)  # fmt: skip
_RESOLVED = resolved(FIRING, _MOMENT + 754, "a new run began in this log")
_BARE = replace(
    FIRING,
    rule="crash",
    severity="warning",
    labels={"alertname": "crash", "severity": "warning", "training_job": "imagenet"},
    annotations={"summary": "crash"},
)

SAMPLES = tuple(
    Notification("cw_0123456789abcdef", "sample", FIRING.group, alerts, _MOMENT)
    for alerts in ((FIRING,), (_RESOLVED,), (_BARE,), (_BARE, FIRING, _RESOLVED))
)
"""One that says everything, one that is over, one that says next to nothing, and all of them."""
