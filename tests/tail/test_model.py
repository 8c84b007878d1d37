"""Random writers, rotations and restarts against a model that says which lines must arrive."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.tail.harness import Reader, append


class FollowedLog(RuleBasedStateMachine):
    """Every complete line of every file arrives once, and none that was never written."""

    def __init__(self) -> None:
        """Make a folder with a log of one line, and look at it."""
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.log = self.folder / "train.log"
        self.written: list[bytes] = [b""]
        self.arrived: Counter[bytes] = Counter()
        self.lines = 0
        self.rotations = 0
        self.renamed: tuple[Path, int] | None = None
        self.write(1, 0)
        self.reader = Reader(self.log)
        self.reader.look()

    @rule(count=st.integers(0, 3), cut=st.integers(0, 9))
    def write(self, count: int, cut: int) -> None:
        """Append some lines, and perhaps the beginning of one."""
        data = b""
        for _ in range(count + bool(cut)):
            self.lines += 1
            data += b"I1123 line %d\n" % self.lines
        if cut:
            data = data[: -len(b"I1123 line 1\n")] + b"I1123 line 1\n"[:cut]
        append(self.log, data)
        self.written[-1] += data

    @rule()
    def write_to_the_renamed_file(self) -> None:
        """Append to the last renamed file, as a redirect does that never reopens."""
        if self.renamed is None or not self.written[self.renamed[1]].endswith(b"\n"):
            return
        path, number = self.renamed
        self.lines += 1
        data = b"I1123 late %d\n" % self.lines
        append(path, data)
        self.written[number] += data

    @rule()
    def rename(self) -> None:
        """Rotate as logrotate does."""
        self.rotations += 1
        self.renamed = self.folder / f"train.log.{self.rotations}", len(self.written) - 1
        self.log.rename(self.renamed[0])
        self.log.touch()
        self.written.append(b"")

    @rule()
    def recreate(self) -> None:
        """Delete the log once it has been read, and begin it anew."""
        self.reader.look()
        self.log.unlink()
        self.log.touch()
        self.written.append(b"")

    @rule()
    def copytruncate(self) -> None:
        """Rotate as logrotate's copytruncate does."""
        self.rotations += 1
        shutil.copy(self.log, self.folder / f"train.log.{self.rotations}")
        self.log.write_bytes(b"")
        self.written.append(b"")

    @rule()
    def look(self) -> None:
        """Look once."""
        self.reader.look()

    @rule(rewind=st.booleans())
    def restart(self, rewind: bool) -> None:
        """Kill the process and go on from what was saved."""
        self.keep_lines()
        self.reader = self.reader.restart(rewind)

    @invariant()
    def arrives_once(self) -> None:
        """Check that nothing arrived twice or was glued together."""
        arrived = self.arrived + self.new_lines()
        assert arrived - self.expected() == Counter()

    def teardown(self) -> None:
        """Check that all has arrived at last."""
        self.reader.look()
        self.keep_lines()
        self.reader.follower.close()
        shutil.rmtree(self.folder)
        assert self.arrived == self.expected()

    def new_lines(self) -> Counter[bytes]:
        """Return the complete lines that this process has delivered."""
        return complete(self.reader.streams(live=True).values())

    def keep_lines(self) -> None:
        """Remember this process's lines."""
        self.arrived += self.new_lines()

    def expected(self) -> Counter[bytes]:
        """Return the complete lines of every file there ever was."""
        return complete(self.written)


def complete(contents: Iterable[bytes]) -> Counter[bytes]:
    """Count the complete lines."""
    found: Counter[bytes] = Counter()
    for content in contents:
        found.update(content.split(b"\n")[:-1])
    return found


TestFollowedLog = FollowedLog.TestCase
TestFollowedLog.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
