"""Files of which no line was read yet: an inode is all that is known of them.

Inodes are used again; here a file stands for another one by being emptied, renamed and written.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tail.faults import failing
from tests.tail.harness import Reader, append


@pytest.fixture
def empty(log: Path) -> Iterator[Reader]:
    """Follow a log that has nothing in it as yet."""
    log.touch()
    reader = Reader(log)
    reader.look()
    yield reader
    reader.follower.close()


def copytruncate(log: Path, name: str = "train.log-20261101") -> Path:
    """Copy the log away, and empty it."""
    copy = Path(shutil.copy(log, log.with_name(name)))
    os.truncate(log, 0)
    return copy


class TestFailingDisk:
    def test_a_copy_is_asked_for_until_the_disk_tells(self, empty: Reader) -> None:
        """The look that sees the file change cannot list its folder."""
        append(empty.path, b"one\n")
        copytruncate(empty.path)
        with failing(0, 1.0, "listdir", "scandir"):
            empty.look()

        assert empty.look() == b"one\n"

    def test_another_file_has_got_the_inode_and_the_path(self, empty: Reader) -> None:
        """What was rotated away in between is read first."""
        with failing(0, 1.0):
            empty.look()
        append(empty.path, b"one\n")
        shutil.copy(empty.path, empty.path.with_name("train.log.1"))
        empty.path.write_bytes(b"two\n")

        assert empty.look() == b"one\ntwo\n"


class TestReplaced:
    def test_and_copied_away_before(self, empty: Reader) -> None:
        """The file that takes its place has all of it, but not what was in it earlier."""
        append(empty.path, b"one\n")
        copytruncate(empty.path)
        append(empty.path, b"two\n")
        fresh = Path(shutil.copy(empty.path, empty.path.with_name("fresh")))
        fresh.replace(empty.path)

        assert empty.look() == b"one\ntwo\n"


class TestRestart:
    def test_another_file_has_got_the_inode_and_the_path(self, empty: Reader) -> None:
        """As above, while no process looks."""
        again = empty.restart()
        append(empty.path, b"one\n")
        shutil.copy(empty.path, empty.path.with_name("train.log.1"))
        empty.path.write_bytes(b"two\n")

        assert again.look() == b"one\ntwo\n"
        again.follower.close()

    def test_a_copy_has_got_the_inode(self, empty: Reader) -> None:
        """The log itself is read, and not once more from its copy."""
        again = empty.restart()
        copy = empty.path.rename(empty.path.with_name("train.log.copy"))
        append(copy, b"one\n")
        shutil.copy(copy, empty.path)

        assert again.look() == b"one\n"
        append(empty.path, b"two\n")
        assert again.look() == b"two\n"
        again.follower.close()

    def test_copied_away_while_the_run_is_read_again(self, reader: Reader) -> None:
        """The copy has lines that no process has read, and the emptied file none."""
        append(reader.path, b"two\n" * 400_000)
        reader.look()
        again = reader.restart(rewind=True)
        assert again.look_once().more
        append(reader.path, b"three\n")
        copytruncate(reader.path)

        again.look()

        assert again.streams(live=True) == {1: b"three\n"}
        again.follower.close()
