"""Random commits, tries, crashes and failures of the disk: nothing lost, nothing twice, in order.

What is found again after a crash is what a log holds behind the saved position. Only what was told
while the disk could not be written, and then forgotten in a crash, is told again.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from caffewatch.alert.notification import Letter, Notification
from caffewatch.store.file import FILE_NAME
from caffewatch.store.outbox import Claim
from caffewatch.store.store import Store
from tests.soak import examples
from tests.store.faults import BUSY, FULL, IO_ERROR, READ_ONLY, failing_disk
from tests.store.samples import NOW, letter

Group = tuple[str, str]

RECEIVERS = st.sampled_from(["hook", "slack"])
GROUPS = st.sampled_from(["g1", "g2", "g3"])


class Delivery(RuleBasedStateMachine):
    """Plays service and dispatcher against a plain list of what was committed."""

    def __init__(self) -> None:
        """Open a new store."""
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.disk = failing_disk()
        self.store = Store(self.root / "0", factory=self.disk)
        self.now = NOW
        self.lives = 0
        self.letters: list[Letter] = []
        self.committed: dict[Group, list[str]] = defaultdict(list)
        self.settled: dict[Group, list[str]] = defaultdict(list)
        self.tried: dict[str, tuple[str, ...]] = {}
        self.ids: dict[tuple[str, str], str] = {}
        self.delivered: set[str] = set()
        self.unsaved: list[Notification] = []

    @rule(receiver=RECEIVERS, group=GROUPS, wait=st.integers(0, 3), again=st.booleans())
    def commit(self, receiver: str, group: str, wait: int, again: bool) -> None:
        """Write a letter, or the last one again."""
        if not again or not self.letters:
            fingerprint = f"f{len(self.letters) + 1}"
            due_at = self.now + wait
            self.letters.append(letter(fingerprint, group, receiver=receiver, due_at=due_at))
            self.committed[receiver, group].append(fingerprint)
        self.write(self.letters[-1:])

    @rule(
        code=st.sampled_from([FULL, IO_ERROR, READ_ONLY, BUSY]),
        reads=st.booleans(),
        spared=st.integers(0, 6),
    )
    def disk_fails(self, code: int, reads: bool, spared: int) -> None:
        """Let the disk fail, after some more statements."""
        self.disk.failure, self.disk.reads, self.disk.spared = code, reads, spared

    @rule()
    def disk_is_back(self) -> None:
        """Let it work again."""
        self.disk.failure = None

    @rule()
    def tend(self) -> None:
        """Look after the file."""
        self.store.tend()
        self.note_saved()

    @precondition(lambda self: self.disk.failure is None)
    @rule()
    def lose_file(self) -> None:
        """Remove the file, and look after it before the next crash."""
        self.tend()
        (self.folder / FILE_NAME).unlink()
        self.tend()
        assert self.store.trouble is None

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
        """Die, and begin again where the file stands."""
        self.note_saved()
        if self.store.trouble is not None:
            self.ids.clear()
        before, self.disk.spared = self.folder, 0
        self.lives += 1
        shutil.copytree(before, self.folder)
        self.store.close()
        self.disk.reads = False
        self.store = Store(self.folder, factory=self.disk)
        for notification in self.unsaved:
            self.delivered.discard(notification.id)
            for told in notification.alerts:
                self.settled[notification.receiver, told.group].remove(told.fingerprint)
        self.unsaved.clear()
        saved = int(self.store.position("job", "log") or 0)
        if saved < len(self.letters):
            self.write(self.letters[saved:])

    @rule()
    def restart(self) -> None:
        """End cleanly, with a disk that works in time."""
        self.disk.failure = None
        self.store.close()
        self.unsaved.clear()
        self.store = Store(self.folder, factory=self.disk)

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
        self.disk.failure = None
        self.store.close()
        shutil.rmtree(self.root)
        assert self.settled == {k: v for k, v in self.committed.items() if v}

    @property
    def folder(self) -> Path:
        """Where the state is; a crash leaves the folder as it is, for a look at it."""
        return self.root / str(self.lives)

    def write(self, letters: list[Letter]) -> None:
        """Commit, with the position behind the letters."""
        position = {("job", "log"): str(len(self.letters))}
        self.store.commit(position, [x.alert for x in letters], letters)

    def note_saved(self) -> None:
        """Note that a crash can undo nothing any more, if so."""
        if self.store.trouble is None:
            self.unsaved.clear()

    def try_one(self, receiver: str) -> Claim | None:
        """Claim, and check that an id always stands for the same alerts and is not delivered."""
        due = self.store.outbox.next_due(receiver)
        found = self.store.outbox.claim(receiver, self.now)
        assert (found is not None) == (due is not None and due <= self.now)
        if found:
            id = found.notification.id
            alerts = tuple(x.fingerprint for x in found.notification.alerts)
            assert self.tried.setdefault(id, alerts) == alerts
            assert id not in self.delivered
            assert all(self.ids.setdefault((receiver, x), id) == id for x in alerts)
        return found

    def settle(self, found: Claim) -> None:
        """Note what has left the queue."""
        notification = found.notification
        self.delivered.add(notification.id)
        key = notification.receiver, notification.group
        self.settled[key] += [x.fingerprint for x in notification.alerts]
        if self.store.trouble is not None:
            self.unsaved.append(notification)


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=examples(60), stateful_step_count=40, deadline=None)
