"""What every receiver has: settings, and one way to send."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, Protocol

from caffewatch.alert.matchers import Matcher
from caffewatch.alert.model import Severity
from caffewatch.alert.notification import Notification, Subscription
from caffewatch.deliver.outcome import Outcome
from caffewatch.deliver.secret import Secret


@dataclass(frozen=True, kw_only=True)
class ReceiverSettings:
    """What every kind of receiver is told.

    One that is ``level_triggered`` hears again and again what fires, and gets no letters.

    Parameters
    ----------
    name
        Unique among the receivers; jobs and metrics know it by this.
    min_severity
        Milder alerts are not sent.
    matchers
        Alerts whose labels do not fit all of them are not sent.
    send_events
        Kinds of events in the life of a run that are sent, of whatever severity.
    send_resolved
        Whether the end of an alert is sent too.
    """

    type: ClassVar[str]
    level_triggered: ClassVar[bool] = False
    name: str
    min_severity: Severity = "warning"
    matchers: tuple[Matcher, ...] = ()
    send_events: tuple[str, ...] = ()
    send_resolved: bool = True

    def subscription(self) -> Subscription:
        """Say which alerts this receiver asks for."""
        return Subscription(
            self.name, self.min_severity, self.send_resolved, self.matchers, self.send_events
        )

    def secrets(self) -> list[str]:
        """Return the texts among the settings that must never be printed."""
        values = (getattr(self, entry.name) for entry in fields(self))
        singly = (one for x in values for one in (x if isinstance(x, tuple) else (x,)))
        return [one.reveal() for one in singly if isinstance(one, Secret)]


class Receiver(Protocol):
    """One way to tell people: renders a notification, sends it, and classifies the answer."""

    @property
    def name(self) -> str:
        """The configured name."""

    @property
    def min_interval(self) -> float:
        """Seconds to leave between two messages."""

    def send(self, notification: Notification, now: float) -> Outcome:
        """Try once to deliver; ``now`` is the wall time in seconds since the epoch."""

    def close(self) -> None:
        """Let go of connections and programs; from another thread too, while a `send` hangs."""
