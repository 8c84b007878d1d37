"""Random writers, rotations and restarts against a model that says which lines must arrive."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from caffewatch.tail import follower, streams
from caffewatch.tail.events import Ended
from tests.soak import examples
from tests.tail.faults import failing
from tests.tail.harness import Reader
from tests.tail.model import Files, complete

COUNTS = st.sampled_from([0, 1, 2, 3, 70])
CUTS = st.sampled_from([0, 0, 1, 6, 8, 13])
NUMBERS = st.integers(0, 9)
PAUSES = st.sampled_from([3.0, 40.0, 400.0, 4000.0, 30_000.0])


class FollowedLog(RuleBasedStateMachine):
    """Every complete line of every file arrives once, and none that was never written."""

    def __init__(self) -> None:
        """Cut looks short, so that much happens in the midst of one."""
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(follower, "LOOK_SIZE", 600)
        self.patch.setattr(streams, "CHUNK_SIZE", 250)
        self.folder = Path(tempfile.mkdtemp())
        self.arrived: Counter[bytes] = Counter()
        self.held: dict[int, int] = {}
        self.offsets: dict[int, int] = {}

    @initialize(is_linked=st.booleans(), count=COUNTS)
    def begin(self, is_linked: bool, count: int) -> None:
        """Make a log, and look at it."""
        self.files = Files(self.folder, is_linked)
        self.files.write(count, 0)
        self.reader = Reader(self.files.log)
        self.look()

    @rule(count=COUNTS, cut=CUTS)
    def write(self, count: int, cut: int) -> None:
        """Append some lines, and perhaps the beginning of one."""
        self.files.write(count, cut)

    @rule(number=NUMBERS, count=COUNTS, cut=CUTS)
    def write_to_a_rotated_file(self, number: int, count: int, cut: int) -> None:
        """Append some lines late."""
        self.files.late(number, count, cut)

    @rule(name=st.sampled_from([".1", "-", ".old-", "stray"]), create=st.booleans())
    def rename(self, name: str, create: bool) -> None:
        """Rotate as logrotate does, with create and without."""
        self.files.rename(name, create)

    @rule()
    def rename_back(self) -> None:
        """Take a rotation back."""
        self.files.rename_back()

    @rule()
    def swap_link(self) -> None:
        """Begin a new file behind the link."""
        self.files.swap()

    @rule()
    def copytruncate(self) -> None:
        """Rotate as logrotate's copytruncate does."""
        self.files.copytruncate()

    @rule(count=COUNTS)
    def truncate(self, count: int) -> None:
        """Empty the log; it may be longer than before when it is looked at."""
        self.files.truncate(self.all_arrived(), count)

    @rule(count=COUNTS)
    def replace(self, count: int) -> None:
        """Put a longer version in its place."""
        self.files.replace(count)

    @rule(number=NUMBERS, keeps_writer=st.booleans(), count=COUNTS)
    def delete(self, number: int, keeps_writer: bool, count: int) -> None:
        """Remove a file; perhaps the log begins anew before anybody looks."""
        self.files.delete(self.all_arrived(), number, keeps_writer)
        if count:
            self.files.write(count, 0)

    @rule(number=NUMBERS)
    def copy_by_hand(self, number: int) -> None:
        """Copy a file to a name beside the log."""
        self.files.copy_by_hand(number)

    @rule(number=NUMBERS)
    def pack(self, number: int) -> None:
        """Compress a rotated file."""
        self.files.pack(self.all_arrived(), number)

    @rule()
    def unpack(self) -> None:
        """Unpack what was compressed."""
        self.files.unpack()

    @rule()
    def look(self) -> None:
        """Look until there is no more."""
        self.reader.look(after=0.1)
        self.files.looked()

    @rule()
    def look_once(self) -> None:
        """Look, and be cut short."""
        self.reader.look_once()

    @rule(seed=st.integers(0, 999), share=st.sampled_from([0.02, 0.2, 0.7]))
    def look_at_a_failing_disk(self, seed: int, share: float) -> None:
        """Look while some of the system's calls end with an error."""
        with failing(seed, share):
            self.reader.look_once()
        self.files.closed(self.all_arrived())

    @rule(seconds=PAUSES)
    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.reader.now += seconds
        self.files.pause(seconds)

    @rule()
    def save_core(self) -> None:
        """Remember what need not be delivered again."""
        self.held = self.reader.follower.offsets() or self.held

    @rule(rewind=st.booleans(), with_core=st.booleans())
    def restart(self, rewind: bool, with_core: bool) -> None:
        """Kill the process and go on from what was saved."""
        self.arrived = self.all_arrived()
        self.files.closed(self.arrived)
        held = self.held if with_core else {}
        self.reader = self.reader.restart(rewind, held)
        self.offsets = dict(held)

    @invariant()
    def arrives_once(self) -> None:
        """Check that nothing arrived twice or was glued together."""
        assert self.all_arrived() - self.files.written == Counter()

    @invariant()
    def arrives_in_order(self) -> None:
        """Check that each stream goes on where it was, and that one that is over says no more."""
        offsets, ended = dict(self.offsets), set()
        for event in self.reader.events:
            assert event.stream not in ended
            if isinstance(event, Ended):
                ended.add(event.stream)
            else:
                assert event.start == offsets.get(event.stream, event.start)
                offsets[event.stream] = event.offset

    def teardown(self) -> None:
        """Check that all has arrived at last."""
        try:
            for seconds in (1.0, 61.0, 61.0):
                self.reader.look(after=seconds)
            if self.files.current is None:  # what is left may wait for the log to come back
                self.files.write(1, 0)
                self.reader.look()
            missing = self.files.written - self.all_arrived()
            assert set(missing) <= self.files.excused
            self.arrives_once()
        finally:
            self.reader.follower.close()
            self.files.close()
            shutil.rmtree(self.folder)
            self.patch.undo()

    def all_arrived(self) -> Counter[bytes]:
        """Return the complete lines delivered by all processes; a torn one's rest stands for it."""
        new = complete(*self.reader.streams(live=True).values())
        return self.arrived + Counter({self.files.torn.get(x, x): n for x, n in new.items()})


TestFollowedLog = FollowedLog.TestCase
TestFollowedLog.settings = settings(
    max_examples=examples(150), stateful_step_count=30, deadline=None
)
