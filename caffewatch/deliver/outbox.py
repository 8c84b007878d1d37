"""What delivery needs of the place where notifications wait."""

from __future__ import annotations

from typing import Protocol

from caffewatch.alert.notification import Notification


class Claim(Protocol):
    """One notification to be tried now.

    ``attempts`` counts the tries before this one; ``first_tried_at`` is None before the first.
    """

    @property
    def notification(self) -> Notification:
        """What to send; its id names it to the outbox."""

    @property
    def attempts(self) -> int:
        """Tries made so far."""

    @property
    def first_tried_at(self) -> float | None:
        """Wall time of the first try, seconds since the epoch."""


class Outbox(Protocol):
    """Notifications that wait, in order per run and receiver. All times are by one clock.

    Every worker calls it from its own thread, always with its own receiver's name.
    """

    def claim(self, receiver: str, now: float) -> Claim | None:
        """Give the next notification that is due, or None."""

    def delivered(self, notification_id: str, now: float, /) -> None:
        """Take it out: it has arrived."""

    def retry(self, notification_id: str, next_try: float, error: str, /) -> None:
        """Put it back until ``next_try``."""

    def dead(self, notification_id: str, reason: str, now: float, /) -> None:
        """Put it among the dead letters."""

    def next_due(self, receiver: str) -> float | None:
        """Tell when something will be due; None while nothing waits."""

    def queue_length(self, receiver: str) -> int:
        """Count what waits."""
