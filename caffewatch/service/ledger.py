"""What is written down: positions, alerts, letters and cores, together or not at all."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice

from caffewatch.alert.model import Alert
from caffewatch.alert.notification import Letter
from caffewatch.config.settings import Job
from caffewatch.service.followed import FollowedLog
from caffewatch.service.mail import Mailroom
from caffewatch.service.roster import Roster
from caffewatch.store.errors import StoreError
from caffewatch.store.store import Store

TEND_EVERY = 5.0
"""Seconds between looks after the state file, and for cores to save."""
RETRY_EVERY = 1.0
"""Seconds until state that could not be saved is tried again."""
FORGET_EVERY = 3600.0
"""Seconds between prunings of the state."""
KEEP = 30 * 24 * 3600.0
"""Seconds for which resolved alerts, delivered letters and logs gone are remembered."""
CORE_SIZE = 8 * 1024 * 1024
"""Bytes after which a log's core is saved: a restart re-reads no more than that."""
IDLE_CORE_SIZE = 256 * 1024
"""The same for a log to which nothing comes, and when the daemon stops."""
CORES_AT_ONCE = 32

_log = logging.getLogger(__name__)


class Ledger:
    """Collect what looks at logs brought, and commit it.

    All times are of the loop's steady time: letters wait, and alerts are told again, by what has
    really passed.

    Parameters
    ----------
    nudge
        Called when letters or alerts were written: the delivery may look.
    """

    def __init__(
        self, roster: Roster, store: Store, mailroom: Mailroom, nudge: Callable[[], None]
    ) -> None:
        self.errors: Counter[str] = Counter(store=0)
        self.next_tending = 0.0
        self._roster = roster
        self._store = store
        self._mailroom = mailroom
        self._nudge = nudge
        self._changed: dict[tuple[str, str], FollowedLog] = {}
        self._alerts: list[Alert] = []
        self._letters: list[Letter] = []
        self._next_forgetting = 0.0

    @property
    def repeats_any(self) -> bool:
        """Whether alerts that still fire are told again at all."""
        return self._mailroom.repeats_any

    def note(self, log: FollowedLog, alerts: list[Alert], now: float) -> None:
        """Take what a look at a log brought, to be committed with its position."""
        self._changed[log.key] = log
        self.note_alerts(log.job, alerts, now)

    def note_alerts(self, job: Job, alerts: list[Alert], now: float) -> None:
        """Take what is to be told of a job."""
        self._alerts += alerts
        self._letters += self._mailroom.letters(job, alerts, now)

    def commit(self, now: float) -> None:
        """Write everything noted in one transaction."""
        if not (self._changed or self._alerts or self._roster.seen_first):
            return
        full = [x for x in self._changed.values() if x.unsaved_bytes >= CORE_SIZE]
        self._write(self._changed.values(), full[:CORES_AT_ONCE])
        self._changed.clear()
        if self._store.trouble:
            self.next_tending = min(self.next_tending, now + RETRY_EVERY)

    def remind(self, now: float) -> None:
        """Tell again of what has fired for long."""
        firing = [(log.job, alerts) for log in self._roster if (alerts := log.firing())]
        firing += self._roster.absence.firing
        if not firing:
            return
        told = self._store.told(x.fingerprint for _, alerts in firing for x in alerts)
        self._letters += [x for j, a in firing for x in self._mailroom.repeats(j, a, told, now)]
        if self._letters:
            self._write((), ())

    def tend(self, now: float) -> None:
        """Look after the state, when that is due: see that it lasts, and forget what is over."""
        if now < self.next_tending:
            return
        if self._store.tend():
            self._nudge()
        if now >= self._next_forgetting:
            self._next_forgetting = now + FORGET_EVERY
            self._store.forget(now, KEEP, self._roster.keys(), self._mailroom.receivers)
        idle = (
            x for x in self._roster
            if x.unsaved_bytes >= IDLE_CORE_SIZE and now - x.active_at >= TEND_EVERY
        )  # fmt: skip
        if chosen := list(islice(idle, CORES_AT_ONCE)):
            self._write(chosen, chosen)
        self.next_tending = now + (RETRY_EVERY if self._store.trouble else TEND_EVERY)

    def close(self) -> None:
        """Write what is left, and the cores that save a later process the re-reading."""
        behind = [x for x in self._roster if x.unsaved_bytes >= IDLE_CORE_SIZE]
        for start in range(0, len(behind), CORES_AT_ONCE):
            chosen = behind[start : start + CORES_AT_ONCE]
            self._write(chosen, chosen)

    def _write(self, logs: Iterable[FollowedLog], with_core: Iterable[FollowedLog]) -> None:
        positions = {log.key: log.position() for log in logs} | self._roster.seen_first
        cores = {log.key: data for log in with_core if (data := log.core()) is not None}
        try:
            self._store.commit(positions, self._alerts, self._letters, cores)
        except StoreError:
            # An error of our own, unlike a full disk: to keep it would hold up all that follows.
            self.errors["store"] += 1
            _log.exception("state refused")
        if self._letters or self._alerts:
            self._nudge()
        self._alerts, self._letters = [], []
        self._roster.seen_first.clear()
