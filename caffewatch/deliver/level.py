"""Receivers that are told how things stand, again and again, and not what changed.

Nothing waits in the outbox for them: what fires is in the store, so there is nothing to lose and
nothing to put in order. Whoever is down for a day is told how things stand when it is back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from caffewatch.alert.model import Alert
from caffewatch.deliver.backoff import backoff
from caffewatch.deliver.outcome import Delivered, Outcome, Rejected, Retry
from caffewatch.deliver.stats import DeliveryCounter, DeliveryStats

REFRESH = 60.0
"""Seconds after which everything that fires is told again."""
MEMORY = 15 * 60.0
"""Seconds for which the end of an alert is worth telling; it was forgotten by itself by then."""

Current = Callable[[str, float], Sequence[Alert]]
"""(receiver, a time) -> what fires, or has ended since then, that the receiver asked for."""

_log = logging.getLogger(__name__)


class Lane(Protocol):
    """One server, that fails alone."""

    @property
    def name(self) -> str:
        """What our log calls it; no secret."""

    def post(self, alerts: Sequence[Alert], now: float) -> Outcome:
        """Tell once how these alerts stand."""

    def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True)
class LevelReceiver:
    """A receiver of this kind: one lane for each of its servers."""

    name: str
    lanes: Sequence[Lane]

    def close(self) -> None:
        """Let go of connections."""
        for lane in self.lanes:
            lane.close()


class LevelWorker:
    """Keeps one lane told; has no thread of its own.

    Parameters
    ----------
    receiver
        The configured name, by which it is counted.
    lane
        Whom to tell.
    current
        How things stand.
    clock
        Wall time in seconds since the epoch.
    random
        Numbers in [0, 1) for the jitter.
    """

    def __init__(
        self,
        receiver: str,
        lane: Lane,
        current: Current,
        clock: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self.name = lane.name
        self._receiver = receiver
        self._lane = lane
        self._current = current
        self._clock = clock
        self._random = random
        self._counter = DeliveryCounter(receiver)
        self._told: set[tuple[str, str]] = set()
        self._began: float | None = None
        self._next_refresh = 0.0
        self._next_try = 0.0
        self._failures = 0
        self._trouble = ""
        self.stats: DeliveryStats = self._counter.freeze()

    def step(self, now: float) -> float | None:
        """Tell what is new, and everything when it is time; return when to step again."""
        self._began = now if self._began is None else self._began
        # A clock that was set back ends a pause instead of lengthening it.
        if self._failures and now < self._next_try <= now + REFRESH:
            return self._next_try
        try:
            wake = self._tell(now)
        except Exception as error:
            # Its text may hold an address or a line of a log.
            self._counter.errors += 1
            wake = self._put_off(now, f"internal error ({type(error).__name__})", 0.0)
        self.stats = self._counter.freeze()
        return wake

    def close(self) -> None:
        """Let go of the lane's connections."""
        self._lane.close()

    def _tell(self, now: float) -> float | None:
        alerts = newest(self._current(self._receiver, now - MEMORY))
        self._told &= {_edge(alert) for alert in alerts}
        news = [alert for alert in alerts if _edge(alert) not in self._told]
        firing = [alert for alert in alerts if alert.state == "firing"]
        due = not now < self._next_refresh <= now + REFRESH
        told = [x for x in alerts if x in news or x.state == "firing"] if due else news
        if not told:
            return self._next_refresh if firing and not due else None
        self._counter.queue_length = len(news)
        match self._lane.post(told, now):
            case Delivered():
                self._note_success(news, now, due)
                return self._next_refresh
            case Rejected(reason):
                self._counter.count("rejected")
                return self._put_off(now, f"refused: {reason}", REFRESH)
            case Retry(reason, after):
                self._counter.count("retried")
                return self._put_off(now, reason, after or 0.0)

    def _note_success(self, news: Sequence[Alert], now: float, refreshed: bool) -> None:
        done = self._clock()
        self._told |= {_edge(alert) for alert in news}
        for alert in news:
            happened = alert.starts_at if alert.ends_at is None else alert.ends_at
            if self._began is not None and happened >= self._began:
                self._counter.observe(done - happened)
        self._counter.count("delivered")
        self._counter.queue_length = 0
        if refreshed:
            self._next_refresh = now + REFRESH
        if self._trouble:
            _log.info("receiver %s: well again", self.name)
        self._failures, self._trouble = 0, ""

    def _put_off(self, now: float, reason: str, at_least: float) -> float:
        """Wait, but never so long that what was told is forgotten over there."""
        self._failures += 1
        wait = min(max(backoff(self._failures, self._random), at_least), REFRESH)
        if reason != self._trouble:
            _log.error("receiver %s: %s; trying on", self.name, reason)
        self._trouble = reason
        self._next_try = max(now, self._clock()) + wait
        return self._next_try


def newest(alerts: Sequence[Alert]) -> list[Alert]:
    """Keep the last of those that have the same labels, for over there they are the same alert."""
    ordered = sorted(alerts, key=lambda alert: alert.starts_at)
    return list({tuple(sorted(alert.labels.items())): alert for alert in ordered}.values())


def _edge(alert: Alert) -> tuple[str, str]:
    return alert.fingerprint, alert.state
