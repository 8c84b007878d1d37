"""Random commits, tries and crashes: nothing lost, nothing twice, each group in order."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from caffewatch.store.outbox import Claim
from caffewatch.store.store import Store
from tests.store.samples import NOW, letter

RECEIVERS = st.sampled_from(["hook", "slack"])
GROUPS = st.sampled_from(["g1", "g2", "g3"])


class Delivery(RuleBasedStateMachine):
    """Plays service and dispatcher against a plain list of what was committed."""

    def __init__(self) -> None:
        """Open a new store."""
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store(self.folder)
        self.now = NOW
        self.number = 0
        self.committed: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.settled: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.tried: dict[str, tuple[str, ...]] = {}
        self.delivered: set[str] = set()

    @rule(receiver=RECEIVERS, group=GROUPS, wait=st.integers(0, 3), again=st.booleans())
    def commit(self, receiver: str, group: str, wait: int, again: bool) -> None:
        """Write a letter, or the last one again."""
        if not again or not self.committed[receiver, group]:
            self.number += 1
            self.committed[receiver, group].append(f"f{self.number}")
        fingerprint = self.committed[receiver, group][-1]
        written = letter(fingerprint, group, receiver=receiver, due_at=self.now + wait)
        self.store.commit({("job", "log"): str(self.number)}, [written.alert], [written])

    @rule(seconds=st.integers(1, 5))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.now += seconds

    @rule(receiver=RECEIVERS)
    def deliver(self, receiver: str) -> None:
        """Try, and succeed."""
        found = self.try_one(receiver)
        if found:
            self.store.outbox.delivered(found.notification.id, self.now)
            self.settle(found)

    @rule(receiver=RECEIVERS, seconds=st.integers(1, 5))
    def fail(self, receiver: str, seconds: int) -> None:
        """Try, and be told to come back."""
        found = self.try_one(receiver)
        if found:
            self.store.outbox.retry(found.notification.id, self.now + seconds, "503")

    @rule(receiver=RECEIVERS)
    def give_up(self, receiver: str) -> None:
        """Try, and be refused for good."""
        found = self.try_one(receiver)
        if found:
            self.store.outbox.dead(found.notification.id, "404", self.now)
            self.settle(found)

    @rule(receiver=RECEIVERS)
    def crash_while_trying(self, receiver: str) -> None:
        """Die after the receiver may have taken the notification, before it is settled."""
        self.try_one(receiver)
        self.crash()

    @rule()
    def crash(self) -> None:
        """Die, and begin again."""
        self.store.close()
        self.store = Store(self.folder)

    @invariant()
    def counts(self) -> None:
        """Check that the queues hold exactly what is neither delivered nor dead."""
        for receiver in ("hook", "slack"):
            expected = sum(
                len(self.committed[x]) - len(self.settled[x])
                for x in list(self.committed)
                if x[0] == receiver
            )
            assert self.store.outbox.queue_length(receiver) == expected

    def teardown(self) -> None:
        """Deliver the rest, and check that all came, each once and in order."""
        self.now += 1000
        for receiver in ("hook", "slack"):
            while found := self.try_one(receiver):
                self.store.outbox.delivered(found.notification.id, self.now)
                self.settle(found)
            assert self.store.outbox.next_due(receiver) is None
        self.store.close()
        shutil.rmtree(self.folder)
        assert self.settled == {k: v for k, v in self.committed.items() if v}

    def try_one(self, receiver: str) -> Claim | None:
        """Claim, and check that an id always stands for the same alerts and is not delivered."""
        due = self.store.outbox.next_due(receiver)
        found = self.store.outbox.claim(receiver, self.now)
        assert (found is not None) == (due is not None and due <= self.now)
        if found:
            alerts = tuple(x.fingerprint for x in found.notification.alerts)
            assert self.tried.setdefault(found.notification.id, alerts) == alerts
            assert found.notification.id not in self.delivered
        return found

    def settle(self, found: Claim) -> None:
        """Note what has left the queue."""
        notification = found.notification
        self.delivered.add(notification.id)
        key = notification.receiver, notification.group
        self.settled[key] += [x.fingerprint for x in notification.alerts]


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
