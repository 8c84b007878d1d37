"""The one thread that owns every monitor: look, judge, save, publish."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from math import inf
from queue import Empty, SimpleQueue

from caffewatch.alert.model import Alert
from caffewatch.alert.notification import Letter
from caffewatch.service.followed import FollowedLog
from caffewatch.service.mail import Mailroom
from caffewatch.service.published import Published
from caffewatch.service.roster import Roster
from caffewatch.store.errors import StoreError
from caffewatch.store.store import Store

DISCOVER_EVERY = 5.0
"""Seconds between looks through globs and folders; file events make it sooner."""
PUBLISH_EVERY = 0.2
"""Seconds between pictures for HTTP, so that a busy log is not drawn for every line."""
SURVEY_EVERY = 0.2
"""Seconds between looks at everything because of events at paths that are no followed log."""
REMIND_EVERY = 10.0
"""Seconds between looks for alerts that are to be told again."""
RETRY_EVERY = 1.0
"""Seconds until state that could not be saved is tried again."""

_STOP = ""

_log = logging.getLogger(__name__)


class Loop:
    """Poll every log on a slow clock, and at once those that an event names.

    Parameters
    ----------
    nudge
        Called when letters were written: the delivery may look.
    """

    def __init__(
        self,
        roster: Roster,
        store: Store,
        mailroom: Mailroom,
        published: Published,
        nudge: Callable[[], None],
        poll_interval: float,
    ) -> None:
        self.errors: Counter[str] = Counter(tail=0, store=0, detect=0)
        self.beat = 0.0
        self._roster = roster
        self._store = store
        self._mailroom = mailroom
        self._published = published
        self._nudge = nudge
        self._poll_interval = poll_interval
        # A simple queue, unlike a condition, may be used in a signal handler.
        self._events: SimpleQueue[str] = SimpleQueue()
        self._unsaved: dict[tuple[str, str], tuple[list[Alert], list[Letter]]] = {}
        self._stopping = False
        self._next_poll = 0.0
        self._next_discovery = 0.0
        self._last_survey = 0.0
        self._next_publication = 0.0
        self._next_reminder = 0.0
        self._next_save = inf
        self._dirty: dict[tuple[str, str], FollowedLog] = {}
        self._pending: dict[tuple[str, str], FollowedLog] = {}

    def wake(self, path: str) -> None:
        """Say that something happened to a file; cheap, from any thread."""
        self._events.put(path)

    def stop(self) -> None:
        """Ask the loop to end; from any thread or signal handler."""
        self._stopping = True
        self.wake(_STOP)

    def run(self, clock: Callable[[], float]) -> None:
        """Go on until `stop`."""
        wait = 0.0
        while not self._stopping:
            woken = self._sleep(wait)
            wait = self.step(clock(), woken)

    def resume(self) -> None:
        """Take back an earlier `stop`, so that `run` may be called again."""
        self._stopping = False

    def close(self) -> None:
        """Close every file; the loop must have ended."""
        self._roster.close()

    @property
    def stopping(self) -> bool:
        """Whether the loop was asked to end."""
        return self._stopping

    def step(self, now: float, woken: Iterable[str] = ()) -> float:
        """Do what is due; return the seconds until more is.

        Parameters
        ----------
        woken
            Paths at which something happened.
        """
        self.beat = now
        due = self._due(woken, now)
        for log in due:
            self._look(log, now)
        if due or (self._unsaved and now >= self._next_save):
            self._save(now)
        if self._mailroom.repeats_any and now >= self._next_reminder:
            self._remind(now)
        if self._dirty and now >= self._next_publication:
            self.publish(now)
        return self._wait(now)

    def _due(self, woken: Iterable[str], now: float) -> list[FollowedLog]:
        """Return the logs to look at: all of them when a poll is due, else those named."""
        logs, self._pending = self._pending, {}
        for path in woken:
            named = self._roster.at(path)
            logs |= {log.key: log for log in named}
            if not named:
                self._survey(now)
        if now >= self._next_discovery:
            self._next_discovery = now + DISCOVER_EVERY
            self._last_survey = now
            logs |= {log.key: log for log in self._discover()}
            logs |= {log.key: log for log in self._roster if log.condition == "missing"}
        if now >= self._next_poll:
            self._next_poll = now + self._poll_interval
            logs |= {log.key: log for log in self._roster}
        return list(logs.values())

    def _survey(self, now: float) -> None:
        """Look at everything soon: a new log, a link's new target, a file rotated away grew."""
        soon = max(now, self._last_survey + SURVEY_EVERY)
        self._next_poll = min(self._next_poll, soon)
        self._next_discovery = min(self._next_discovery, soon)

    def _discover(self) -> list[FollowedLog]:
        try:
            return self._roster.discover()
        except StoreError as error:
            self.errors["store"] += 1
            _log.error("read positions unknown, trying again: %s", error)
            return []

    def _look(self, log: FollowedLog, now: float) -> None:
        condition = log.condition
        try:
            taken = log.look(now)
        except Exception:
            # One log that trips the program up must not end the watch over the others.
            self.errors["detect"] += 1
            _log.exception("%s: internal error", log.origin.log)
            return
        if log.condition != condition and log.condition == "unreadable":
            self.errors["tail"] += 1
            _log.warning("%s", log.error)
        if taken.more:
            self._pending[log.key] = log
        if taken.changed:
            self._dirty[log.key] = log
            alerts, letters = self._unsaved.setdefault(log.key, ([], []))
            alerts += taken.alerts
            letters += self._mailroom.letters(log.job, taken.alerts, now)
            for alert in taken.alerts:
                _log.log(*_described(alert))

    def _save(self, now: float) -> None:
        """Write positions, alerts and letters in one transaction; keep them if that fails."""
        positions = {}
        for log in self._roster:
            if log.key in self._unsaved:
                position = log.position()
                if position is not None:
                    positions[log.key] = position
        alerts = [x for found, _ in self._unsaved.values() for x in found]
        letters = [x for _, written in self._unsaved.values() for x in written]
        if not (positions or alerts):
            return
        try:
            self._store.commit(positions, alerts, letters)
        except StoreError as error:
            self.errors["store"] += 1
            self._next_save = now + RETRY_EVERY
            _log.error("state not saved, trying again: %s", error)
            return
        self._unsaved.clear()
        self._next_save = inf
        if alerts:
            self._nudge()

    def _remind(self, now: float) -> None:
        """Tell again of what has fired for long."""
        self._next_reminder = now + REMIND_EVERY
        firing = [(log.job, alerts) for log in self._roster if (alerts := log.firing())]
        if not firing:
            return
        try:
            told = self._store.told(x.fingerprint for _, alerts in firing for x in alerts)
            letters = [x for j, a in firing for x in self._mailroom.repeats(j, a, told, now)]
            if letters:
                self._store.commit({}, (), letters)
                self._nudge()
        except StoreError as error:
            self.errors["store"] += 1
            _log.error("reminders not written, trying again: %s", error)

    def publish(self, now: float) -> None:
        """Show other threads how the logs stand."""
        self._next_publication = now + PUBLISH_EVERY
        self._published.update(self._dirty.values())
        self._dirty = {}

    def _sleep(self, seconds: float) -> set[str]:
        """Wait until something happens; return where."""
        woken = set()
        with suppress(Empty):
            woken.add(self._events.get(timeout=seconds))
            while True:
                woken.add(self._events.get_nowait())
        return woken - {_STOP}

    def _wait(self, now: float) -> float:
        if self._pending:
            return 0.0
        due = min(self._next_poll, self._next_discovery, self._next_save)
        if self._mailroom.repeats_any:
            due = min(due, self._next_reminder)
        if self._dirty:
            due = min(due, self._next_publication)
        return max(0.0, due - now)


def _described(alert: Alert) -> tuple[int, str, str, str, str, str]:
    level = logging.WARNING if alert.state == "firing" else logging.INFO
    summary = alert.annotations.get("summary", alert.rule)
    return level, "%s %s: %s (%s)", alert.state, alert.severity, summary, alert.labels["log"]
