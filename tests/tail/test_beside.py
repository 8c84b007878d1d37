"""Which of the files beside a log are its rotations, and which are copies of what is known."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.tail.harness import Reader, append

BIG = b"x" * 1500 + b"\n"


def replace(log: Path, data: bytes) -> None:
    """Put a file in the log's place at once."""
    fresh = log.with_name("fresh")
    fresh.write_bytes(data)
    fresh.replace(log)


class TestReplaced:
    """A longer version of the log comes, and is rotated before anybody looks."""

    def test_and_renamed(self, reader: Reader) -> None:
        """Its new lines are read from where it was moved to; it is written on there."""
        replace(reader.path, b"one\ntwo\n")
        moved = reader.path.rename(reader.path.with_name("train.log.1"))
        first = reader.look()
        append(moved, b"three\n")

        assert (first, reader.look()) == (b"two\n", b"three\n")

    def test_and_copied_and_truncated(self, reader: Reader) -> None:
        """They are read from the copy."""
        replace(reader.path, b"one\ntwo\n")
        shutil.copy(reader.path, reader.path.with_name("train.log.1"))
        reader.path.write_bytes(b"three\n")

        assert reader.look() == b"two\nthree\n"

    def test_before_anything_of_it_was_read(self, log: Path) -> None:
        """What the file without a name and the new one both hold arrives once."""
        log.touch()
        reader = Reader(log)
        reader.look()
        append(log, b"one\n")
        replace(log, b"one\ntwo\n")

        assert reader.look() == b"one\ntwo\n"


class TestCopies:
    """A copy beside the log is not read again, whenever and of whatever it was made."""

    def test_of_a_log_that_nobody_has_read(self, reader: Reader) -> None:
        """It came, and was copied, between two looks."""
        reader.path.rename(reader.path.with_name("train.log.1"))
        append(reader.path, b"two\n")
        shutil.copy(reader.path, reader.path.with_name("train.log.copy"))

        assert reader.look() == b"two\n"

    def test_of_the_beginning_of_a_log_truncated_since(self, reader: Reader) -> None:
        """It does not hold the last line read."""
        shutil.copy(reader.path, reader.path.with_name("train.log.copy"))
        append(reader.path, b"two\n")
        reader.look()
        reader.path.write_bytes(b"three\n")

        assert reader.look() == b"three\n"

    @pytest.mark.parametrize("restarts", [False, True])
    def test_unpacked_of_a_file_that_is_gone(self, reader: Reader, restarts: bool) -> None:
        """Rotated, compressed, and unpacked when something had to be looked up in it."""
        append(reader.path, BIG)
        reader.look()
        kept = shutil.copy(reader.path, reader.path.parent / "kept")
        reader.path.unlink()
        if restarts:
            reader = reader.restart()
        append(reader.path, b"two\n")
        reader.look()
        shutil.copy(kept, reader.path.with_name("train.log.1"))
        reader.path.rename(reader.path.with_name("train.log-20261123"))
        append(reader.path, b"three\n")

        assert reader.look() == b"three\n"

    def test_while_the_run_is_read_again(self, reader: Reader) -> None:
        """Two copies of a log that was emptied while nobody followed it."""
        again = reader.restart(rewind=True)
        for name in ("train.log.1", "train.log.copy"):
            shutil.copy(reader.path, reader.path.with_name(name))
        reader.path.write_bytes(b"two\n")
        again.look()

        assert again.streams() == {1: b"one\n", 2: b"two\n"}


class TestLinks:
    @pytest.fixture
    def linked(self, tmp_path: Path) -> Reader:
        """Follow a link to a file of one line."""
        log = tmp_path / "caffe.INFO"
        log.symlink_to("run1")
        append(log, b"one\n")
        reader = Reader(log)
        reader.look()
        return reader

    @pytest.mark.parametrize("restarts", [False, True])
    def test_the_old_target_was_made_anew(self, linked: Reader, restarts: bool) -> None:
        """Its lines come before those of the file to which the link leads by now."""
        old = linked.path.with_name("run1")
        old.rename(linked.path.with_name("run1.1"))
        linked.look()
        linked = linked.restart() if restarts else linked
        append(old, b"two\n")
        linked.path.unlink()
        linked.path.symlink_to("run2")
        append(linked.path, b"three\n")

        assert linked.look() == b"two\nthree\n"


class TestDeleted:
    def test_after_long_silence(self, reader: Reader) -> None:
        """A file is not given up at once because its last line is old: its writer may go on."""
        with reader.path.open("ab") as writer:
            reader.now += 1e6
            os.unlink(reader.path)
            reader.look()
            writer.write(b"two\n")
            writer.flush()

            assert reader.look() == b"two\n"
