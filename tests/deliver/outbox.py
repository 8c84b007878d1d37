"""An outbox in memory, with the order of the real one: per receiver, first in first out."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

from caffewatch.alert.notification import Notification


@dataclass
class Waiting:
    notification: Notification
    receiver: str
    next_try: float
    attempts: int = 0
    first_tried_at: float | None = None
    error: str = ""


@dataclass
class MemoryOutbox:
    """``broken`` raises in every call; ``done`` and ``dead_letters`` tell what became of all."""

    waiting: dict[str, Waiting] = field(default_factory=dict)
    done: list[tuple[str, float]] = field(default_factory=list)
    dead_letters: list[tuple[str, str, float]] = field(default_factory=list)
    broken: bool = False
    refused: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, notification: Notification, receiver: str = "fake", at: float = 0.0) -> None:
        """Let a notification wait for a receiver until ``at``."""
        with self.changed:
            self.waiting[notification.id] = Waiting(notification, receiver, at)

    def claim(self, receiver: str, now: float) -> Waiting | None:
        """Give the first that is due."""
        if self.broken:
            self.refused.set()
            raise RuntimeError("disk full at /secret/place")
        for waiting in self._of(receiver):
            if waiting.next_try <= now:
                claim = replace(waiting)
                waiting.first_tried_at = waiting.first_tried_at or now
                return claim
        return None

    def delivered(self, notification_id: str, now: float, /) -> None:
        """Take one out."""
        with self.changed:
            del self.waiting[notification_id]
            self.done.append((notification_id, now))
            self.changed.notify_all()

    def retry(self, notification_id: str, next_try: float, error: str, /) -> None:
        """Put one back."""
        waiting = self.waiting[notification_id]
        waiting.attempts += 1
        waiting.next_try, waiting.error = next_try, error

    def dead(self, notification_id: str, reason: str, now: float, /) -> None:
        """Give one up."""
        del self.waiting[notification_id]
        self.dead_letters.append((notification_id, reason, now))

    def next_due(self, receiver: str) -> float | None:
        """Tell when the next is due."""
        return min((w.next_try for w in self._of(receiver)), default=None)

    def queue_length(self, receiver: str) -> int:
        """Count what waits."""
        return len(self._of(receiver))

    def _of(self, receiver: str) -> list[Waiting]:
        with self.changed:
            return [w for w in self.waiting.values() if w.receiver == receiver]
