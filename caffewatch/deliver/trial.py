"""A notification that is no alert: to see whether messages arrive, and how they look."""

from __future__ import annotations

from caffewatch.alert.model import Alert, identity
from caffewatch.alert.notification import Notification

ALERTNAME = "caffewatch_test"


def trial(receiver: str, host: str, now: float) -> Notification:
    """Make a marked test for one receiver.

    Parameters
    ----------
    receiver
        Its configured name.
    host
        The configured name of this machine.
    now
        Wall time, seconds since the epoch; another time makes another test.
    """
    where = identity(host, ALERTNAME, str(now))
    alert = Alert(
        fingerprint=where,
        group=where,
        state="firing",
        rule=ALERTNAME,
        severity="info",
        labels={
            "alertname": ALERTNAME,
            "severity": "info",
            "host": host,
            "training_job": "test",
            "log": "test",
            "run": where,
        },
        annotations={
            "summary": "A test of caffewatch: nothing is wrong",
            "description": f"This is a test from {host}: nothing is wrong. Sent by hand, with "
            f"caffewatch notify-test, to the receiver {receiver}.",
            "advice": "Nothing. If you can read this, messages arrive.",
        },
        starts_at=now,
    )
    return Notification(f"cw_{identity(receiver, where)}", receiver, where, (alert,), now)
