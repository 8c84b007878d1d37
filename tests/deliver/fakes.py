"""A receiver that says what it is told to, and a clock that stands."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from caffewatch.alert.notification import Notification
from caffewatch.deliver.outcome import Delivered, Outcome


@dataclass
class FakeReceiver:
    """``outcomes`` are given in turn, then everything is delivered; an exception is raised."""

    name: str = "fake"
    min_interval: float = 0.0
    outcomes: list[Outcome | Exception] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    during: Callable[[], object] = lambda: None
    closed: threading.Event = field(default_factory=threading.Event)

    def send(self, notification: Notification, now: float) -> Outcome:
        """Give the next outcome."""
        self.sent.append(notification.id)
        self.during()
        outcome = self.outcomes.pop(0) if self.outcomes else Delivered()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed.set()


@dataclass
class Clock:
    now: float

    def __call__(self) -> float:
        """Return the time that was set."""
        return self.now
