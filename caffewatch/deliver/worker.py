"""One receiver's step: claim, send, write down what came of it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from caffewatch.deliver.backoff import backoff
from caffewatch.deliver.outbox import Claim, Outbox
from caffewatch.deliver.outcome import Delivered, Outcome, Rejected, Retry
from caffewatch.deliver.receiver import Receiver
from caffewatch.deliver.stats import DeliveryCounter, DeliveryStats

MAX_AGE = 24 * 3600.0
SHORTEST_WAIT = 0.05
"""Seconds between two looks at an outbox that has something due but gives out nothing."""

_log = logging.getLogger(__name__)


class Worker:
    """Delivers one receiver's notifications; has no thread of its own.

    Parameters
    ----------
    receiver
        Where to send.
    outbox
        Where notifications wait.
    clock
        The time by which notifications wait, read after a try to see how long it took.
    random
        Numbers in [0, 1) for the jitter.
    max_age
        Seconds after its writing at which a notification that still fails is given up. Where it is
        first tried later (the daemon was off, or a dead letter is tried again), after that.
    wall
        The time of day that receivers are told, seconds since the epoch; the same by default.
    """

    def __init__(
        self,
        receiver: Receiver,
        outbox: Outbox,
        clock: Callable[[], float],
        random: Callable[[], float],
        max_age: float = MAX_AGE,
        wall: Callable[[], float] | None = None,
    ) -> None:
        self.name = receiver.name
        self._receiver = receiver
        self._outbox = outbox
        self._clock = clock
        self._wall = wall or clock
        self._random = random
        self._max_age = max_age
        self._counter = DeliveryCounter(receiver.name)
        self._outbox_failures = 0
        self._pause_began = 0.0
        self._pause = 0.0
        self.stats: DeliveryStats = self._counter.freeze()

    def step(self, now: float) -> float | None:
        """Try at most one notification.

        Returns
        -------
        float or None
            Time at which to step again; None when nothing waits.
        """
        # A clock that was set back ends a pause instead of lengthening it.
        if self._pause_began <= now < self._pause_began + self._pause:
            return self._pause_began + self._pause
        try:
            wake = self._try_next(now)
            self._count_waiting()
            self._outbox_failures = 0
        except Exception as error:
            self._outbox_failures += 1
            self._note_error("the outbox failed", error)
            wake = self._rest(now, backoff(self._outbox_failures, self._random))
        self.stats = self._counter.freeze()
        return wake

    def close(self) -> None:
        """Let go of the receiver's connections."""
        self._receiver.close()

    def _try_next(self, now: float) -> float | None:
        claim = self._outbox.claim(self.name, now)
        if claim is None:
            due = self._outbox.next_due(self.name)
            return None if due is None else max(due, now + SHORTEST_WAIT)
        self._count_waiting()  # it is under way for as long as the receiver likes
        outcome = self._send(claim)
        done = self._clock()
        wake = self._rest(done, self._receiver.min_interval)
        if isinstance(outcome, Retry) and outcome.after is not None:
            wake = self._rest(done, max(outcome.after, self._receiver.min_interval))
        self._settle(claim, outcome, now, done)
        return wake

    def _count_waiting(self) -> None:
        self._counter.queue_length = self._outbox.queue_length(self.name)
        self.stats = self._counter.freeze()

    def _send(self, claim: Claim) -> Outcome:
        try:
            return self._receiver.send(claim.notification, self._wall())
        except Exception as error:
            self._note_error(f"cannot send {claim.notification.id}", error)
            return Retry(f"internal error ({type(error).__name__})")

    def _settle(self, claim: Claim, outcome: Outcome, now: float, done: float) -> None:
        """Write an outcome down; it counts only once the outbox has it."""
        notification = claim.notification
        delay = done - notification.created_at
        age = done - max(notification.created_at, claim.first_tried_at or now)
        match outcome:
            case Delivered():
                self._outbox.delivered(notification.id, done)
                self._counter.observe(delay)
                self._counter.count("delivered")
            case Rejected(reason):
                self._outbox.dead(notification.id, reason, done)
                self._counter.count("rejected")
                _log.error("receiver %s refused %s: %s", self.name, notification.id, reason)
            case Retry(reason) if age >= self._max_age:
                tries = f"{claim.attempts + 1} tries in {age / 3600:.1f} h"
                reason = f"given up after {tries}: {reason}"
                self._outbox.dead(notification.id, reason, done)
                self._counter.count("expired")
                _log.error("receiver %s, %s: %s", self.name, notification.id, reason)
            case Retry(reason, after):
                wait = max(backoff(claim.attempts + 1, self._random), after or 0.0)
                self._outbox.retry(notification.id, done + wait, reason)
                self._counter.count("retried")
                _log.warning(
                    "receiver %s, %s: %s; next try in %.0f s",
                    self.name, notification.id, reason, wait,
                )  # fmt: skip

    def _rest(self, now: float, seconds: float) -> float:
        self._pause_began, self._pause = now, seconds
        return now + seconds

    def _note_error(self, what: str, error: Exception) -> None:
        """Log the kind of an exception only: its text may hold a URL or a line of a log."""
        self._counter.errors += 1
        _log.error("receiver %s: %s (%s)", self.name, what, type(error).__name__)
