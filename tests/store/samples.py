"""Alerts and letters to put into a store."""

from caffewatch.alert.model import Alert, State
from caffewatch.alert.notification import Letter

NOW = 1.8e9


def alert(fingerprint: str = "f1", group: str = "g1", state: State = "firing") -> Alert:
    """Make an alert; a resolved one ended ten seconds after it began."""
    ends_at = NOW + 10 if state == "resolved" else None
    return Alert(
        fingerprint, group, state, "non_finite", "critical",
        {"alertname": "non_finite"}, {"summary": "<nan> \udce4"}, NOW, ends_at,
    )  # fmt: skip


def letter(
    fingerprint: str = "f1", group: str = "g1", state: State = "firing",
    *, receiver: str = "hook", due_at: float = NOW, repeat: int = 0,
    created_at: float = NOW,
) -> Letter:  # fmt: skip
    """Make a letter that was written NOW, unless told otherwise."""
    return Letter(receiver, alert(fingerprint, group, state), created_at, due_at, repeat)
