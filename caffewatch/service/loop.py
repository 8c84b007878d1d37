"""The one thread that owns every monitor: look, judge, save, publish."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue

from caffewatch.alert.model import Alert
from caffewatch.service.followed import FollowedLog
from caffewatch.service.ledger import Ledger
from caffewatch.service.mail import Mailroom
from caffewatch.service.past import Pasts
from caffewatch.service.published import Published
from caffewatch.service.roster import Roster
from caffewatch.store.store import Store

DISCOVER_EVERY = 5.0
"""Seconds between looks through globs and folders; file events make it sooner."""
PUBLISH_EVERY = 0.2
"""Seconds between pictures for HTTP, so that a busy log is not drawn for every line."""
SURVEY_EVERY = 0.2
"""Seconds between looks at everything because of events at files that may be new logs."""
STORM_EVERY = 1.0
"""Seconds until everything is looked at because of events at any other files."""
REMIND_EVERY = 10.0
"""Seconds between looks for alerts that are to be told again."""
ROUND_SIZE = 16 * 1024 * 1024
"""Bytes read in one round, so that logs catching up delay the others by a fraction of a second."""

_NOWHERE = ""

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
        pasts: Pasts,
        nudge: Callable[[], None],
        poll_interval: float,
    ) -> None:
        self.beat = self._now = 0.0
        self._errors: Counter[str] = Counter(tail=0, detect=0)
        self._roster = roster
        self._ledger = Ledger(roster, store, mailroom, nudge)
        self._published = published
        self._pasts = pasts
        self._poll_interval = poll_interval
        # A simple queue, unlike a condition, may be used in a signal handler.
        self._events: SimpleQueue[str] = SimpleQueue()
        self._stopping = False
        self._next_poll = 0.0
        self._next_discovery = 0.0
        self._last_survey = 0.0
        self._next_publication = 0.0
        self._next_reminder = 0.0
        self._behind: dict[tuple[str, str], FollowedLog] = {}

    @property
    def errors(self) -> dict[str, int]:
        """Errors by where they came up, since the loop was made."""
        return {**self._errors, **self._ledger.errors}

    def wake(self, path: str) -> None:
        """Say that something happened to a file; cheap, from any thread."""
        self._events.put(path)

    def nudge(self) -> None:
        """Have the next step begin at once; from any thread."""
        self.wake(_NOWHERE)

    def stop(self) -> None:
        """Ask the loop to end; from any thread or signal handler."""
        self._stopping = True
        self.wake(_NOWHERE)

    def run(
        self,
        clock: Callable[[], float],
        steady: Callable[[], float],
        after_round: Callable[[], None] = lambda: None,
    ) -> None:
        """Go on until `stop`; call ``after_round`` every `DISCOVER_EVERY` seconds or sooner."""
        wait = 0.0
        while not self._stopping:
            woken = self._sleep(wait)
            wait = self.step(clock(), woken, steady())
            after_round()

    def resume(self) -> None:
        """Take back an earlier `stop`, so that `run` may be called again."""
        self._stopping = False

    def close(self) -> None:
        """Save what a later process can use, and close every file; the loop must have ended."""
        self._ledger.close()
        self._roster.close()

    @property
    def stopping(self) -> bool:
        """Whether the loop was asked to end."""
        return self._stopping

    def step(self, now: float, woken: Iterable[str] = (), steady: float | None = None) -> float:
        """Do what is due; return the seconds until more is.

        Parameters
        ----------
        now
            The time of day, seconds since the epoch, at which things happen to people.
        woken
            Paths at which something happened.
        steady
            The same without the steps that the clock has made since this process began; all that
            is due, and all that has lasted, is judged by it.
        """
        self._now, steady = now, now if steady is None else steady
        self.beat = steady
        due, room = self._due(woken, steady), ROUND_SIZE
        for number, log in enumerate(due):
            room -= self._look(log, steady)
            if room <= 0:
                self._behind = {x.key: x for x in due[number + 1 :]} | self._behind
                break
        self._ledger.commit(steady)
        if self._ledger.repeats_any and steady >= self._next_reminder:
            self._next_reminder = steady + REMIND_EVERY
            self._ledger.remind(steady)
        self._ledger.tend(steady)
        if self._published.is_due and steady >= self._next_publication:
            self.publish(steady)
        if self._pasts.is_asked:
            self._pasts.answer(self._roster)
        return self._wait(steady)

    def publish(self, steady: float) -> None:
        """Show other threads how the logs stand."""
        self._next_publication = steady + PUBLISH_EVERY
        self._published.jobs = self._roster.jobs()
        self._published.publish()

    def _due(self, woken: Iterable[str], steady: float) -> list[FollowedLog]:
        """Return the logs to look at: those named, or all of them, and last those behind."""
        logs: dict[tuple[str, str], FollowedLog] = {}
        behind, self._behind = self._behind, {}
        for path in woken:
            named = self._roster.at(path)
            logs |= {log.key: log for log in named}
            if not named:
                # In a storm of events those of the logs may be lost.
                self._next_poll = min(self._next_poll, steady + STORM_EVERY)
            if not named and self._roster.might_have(path):
                self._survey(steady)
        if steady >= self._next_discovery:
            self._next_discovery = steady + DISCOVER_EVERY
            self._last_survey = steady
            logs |= {log.key: log for log in self._discover(steady)}
            logs |= {log.key: log for log in self._roster if log.condition == "missing"}
        if steady >= self._next_poll:
            self._next_poll = steady + self._poll_interval
            logs |= {log.key: log for log in self._roster}
        return [*(x for key, x in logs.items() if key not in behind), *behind.values()]

    def _survey(self, steady: float) -> None:
        """Look at everything soon: there may be a new log, or a link leads elsewhere."""
        soon = max(steady, self._last_survey + SURVEY_EVERY)
        self._next_poll = min(self._next_poll, soon)
        self._next_discovery = min(self._next_discovery, soon)

    def _discover(self, steady: float) -> list[FollowedLog]:
        for log in self._roster.gone(steady):
            self._ledger.note(log, log.abandon(self._now), steady)
            self._published.forget(log)
        found = self._roster.discover()
        for log in found:
            self._published.note(log)
        for job, alerts in self._roster.judge_absence(self._now, steady):
            self._ledger.note_alerts(job, alerts, steady)
            for alert in alerts:
                _log.log(*_described(alert))
        self._published.jobs = self._roster.jobs()
        return found

    def _look(self, log: FollowedLog, steady: float) -> int:
        """Look at one log; return how many bytes it brought."""
        condition, was_missing = log.condition, log.missing_for(steady) > 0
        try:
            taken = log.look(self._now, steady)
        except Exception:
            # One log that trips the program up must not end the watch over the others.
            self._errors["detect"] += 1
            _log.exception("%s: internal error", log.origin.log)
            if log.restored:
                renewed = self._roster.renew(log)
                self._behind[renewed.key] = renewed
            return 0
        if log.condition != condition and log.condition == "unreadable":
            self._errors["tail"] += 1
            _log.warning("%s", log.error)
        if was_missing and log.condition == "readable":
            # Its folder may have come with it, after the last look for folders to watch.
            self._survey(steady)
        if taken.more:
            self._behind[log.key] = log
        if taken.soon is not None:
            self._next_poll = min(self._next_poll, steady + taken.soon)
        if taken.rotated:
            self._survey(steady)
        if taken.changed:
            self._published.note(log, urgent=bool(taken.alerts))
            self._ledger.note(log, taken.alerts, steady)
            for alert in taken.alerts:
                _log.log(*_described(alert))
        return taken.size

    def _sleep(self, seconds: float) -> set[str]:
        """Wait until something happens; return where."""
        woken = set()
        with suppress(Empty):
            woken.add(self._events.get(timeout=seconds))
            while True:
                woken.add(self._events.get_nowait())
        return woken - {_NOWHERE}

    def _wait(self, steady: float) -> float:
        if self._behind:
            return 0.0
        due = min(self._next_poll, self._next_discovery, self._ledger.next_tending)
        if self._ledger.repeats_any:
            due = min(due, self._next_reminder)
        if self._published.is_due:
            due = min(due, self._next_publication)
        return max(0.0, due - steady)


def _described(alert: Alert) -> tuple[int, str, str, str, str, str]:
    level = logging.WARNING if alert.state == "firing" else logging.INFO
    summary = alert.annotations.get("summary", alert.rule)
    return level, "%s %s: %s (%s)", alert.state, alert.severity, summary, alert.labels["log"]
