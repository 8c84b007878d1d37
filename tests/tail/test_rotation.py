"""Rotations and truncations: every line once, none glued to another file's."""

import os
import shutil
from pathlib import Path

import pytest

from caffewatch.tail.events import Chunk, Ended
from caffewatch.tail.follower import LogFollower
from caffewatch.tail.identity import Change
from caffewatch.tail.siblings import identities
from caffewatch.tail.streams import (
    FRAGMENT_PATIENCE,
    MAX_FILES,
    PARK_AFTER,
    RETIRED_PATIENCE,
    WRITER_PATIENCE,
)
from tests.tail.faults import failing
from tests.tail.harness import NOW, Reader, append


def rotated(log: Path, number: int = 1) -> Path:
    """Return the name that rotation gives to a log."""
    return log.with_name(f"{log.name}.{number}")


class TestRename:
    def test_drains_the_old_file_first(self, reader: Reader) -> None:
        """What came before the rename is read from the old file, then the new one from 0."""
        append(reader.path, b"two\n")
        reader.path.rename(rotated(reader.path))
        reader.path.write_bytes(b"three\n")

        assert (reader.look(), reader.streams()) == (
            b"two\nthree\n", {1: b"one\ntwo\n", 2: b"three\n"},
        )  # fmt: skip

    def test_reads_the_old_file_on_while_it_is_written(self, reader: Reader) -> None:
        """A redirect never reopens: its lines go on in the file that was renamed."""
        reader.path.rename(rotated(reader.path))
        reader.path.touch()
        reader.look()
        for _ in range(3):
            append(rotated(reader.path), b"more\n")
            reader.look(after=RETIRED_PATIENCE)

        assert reader.streams() == {1: b"one\n" + 3 * b"more\n"}

    def test_the_successor_names_its_predecessor(self, reader: Reader) -> None:
        """A run that goes on in the next file can be put together."""
        reader.path.rename(rotated(reader.path))
        append(reader.path, b"two\n")
        reader.look()

        assert reader.chunks[-1].continues == reader.chunks[0].stream

    def test_ends_a_fragment_by_itself(self, reader: Reader) -> None:
        """A line that a rotation cut is over once its end does not come."""
        append(reader.path, b"tw")
        reader.path.rename(rotated(reader.path))
        append(reader.path, b"three\n")
        reader.look()
        reader.look(after=FRAGMENT_PATIENCE)

        assert (reader.events[-1], reader.streams()) == (Ended(1), {1: b"one\ntw", 2: b"three\n"})

    def test_waits_for_the_end_of_a_line_whose_writer_is_there(self, reader: Reader) -> None:
        """Whoever holds the rotated file open may only be slow: a pipe's buffer, a disk."""
        with reader.path.open("ab") as writer:
            writer.write(b"tw")
            writer.flush()
            reader.path.rename(rotated(reader.path))
            append(reader.path, b"three\n")
            for _ in range(5):
                reader.look(after=FRAGMENT_PATIENCE)
            writer.write(b"o\n")
        reader.look()

        assert reader.streams() == {1: b"one\ntwo\n", 2: b"three\n"}

    def test_waits_for_no_writer_for_ever(self, reader: Reader) -> None:
        """A line whose writer hangs is judged as it stands."""
        with reader.path.open("ab") as writer:
            writer.write(b"tw")
            writer.flush()
            reader.path.rename(rotated(reader.path))
            append(reader.path, b"three\n")
            reader.look()
            reader.look(after=WRITER_PATIENCE)

        assert reader.events[-1] == Ended(1)

    def test_a_fragment_that_was_flushed_is_not_read_again(self, reader: Reader) -> None:
        """It counts as a line by then, also for the process after this one."""
        append(reader.path, b"tw")
        reader.path.rename(rotated(reader.path))
        append(reader.path, b"three\n")
        reader.look()
        reader.look(after=FRAGMENT_PATIENCE)
        again = reader.restart(rewind=True)
        again.look()

        assert again.streams(live=True) == {}
        assert again.events[2] == Ended(1, replay=True)

    def test_late_lines_of_an_ended_file_arrive(self, reader: Reader) -> None:
        """A writer that was only slow is heard, in a stream that continues its old one."""
        append(reader.path, b"tw")
        reader.path.rename(rotated(reader.path))
        append(reader.path, b"three\n")
        reader.look()
        reader.look(after=FRAGMENT_PATIENCE)
        append(rotated(reader.path), b"o\n")
        reader.look()

        last = reader.chunks[-1]
        assert (last.stream, last.continues, last.data) == (3, 1, b"o\n")

    def test_the_run_of_a_file_that_stays_silent_is_over(self, reader: Reader) -> None:
        """Once its successor is written, a rotated file's alerts do not fire for ever."""
        reader.path.rename(rotated(reader.path))
        append(reader.path, b"two\n")
        reader.look()
        reader.look(after=RETIRED_PATIENCE)

        assert reader.events[-1] == Ended(1)

    def test_reads_a_rotated_file_that_was_parked(self, reader: Reader) -> None:
        """Silent rotated files are not held open, and looked at all the same, for days."""
        for number in range(9):
            reader.path.rename(rotated(reader.path, number))
            append(reader.path, b"%d\n" % number)
            reader.look()
        reader.look(after=PARK_AFTER)
        open_files = [x for x in reader.follower._streams if x.file]
        append(rotated(reader.path, 0), b"late\n")
        reader.look(after=20 * RETIRED_PATIENCE)

        assert len(open_files) == 1
        assert reader.streams()[1] == b"one\nlate\n"

    def test_finds_a_parked_file_under_its_next_name(self, reader: Reader) -> None:
        """A file that logrotate moves from .1 to .2 is known by itself, not by its name."""
        reader.path.rename(rotated(reader.path, 1))
        append(reader.path, b"two\n")
        reader.look()
        reader.look(after=PARK_AFTER)
        rotated(reader.path, 1).rename(rotated(reader.path, 2))
        reader.path.rename(rotated(reader.path, 1))
        append(reader.path, b"three\n")
        append(rotated(reader.path, 2), b"late\n")
        reader.look()

        assert reader.streams() == {1: b"one\nlate\n", 2: b"two\n", 3: b"three\n"}

    def test_reads_a_parked_file_in_another_folder(self, reader: Reader) -> None:
        """Logrotate's olddir: the file is where it was moved to."""
        reader.path.with_name("old").mkdir()
        moved = reader.path.rename(reader.path.with_name("old") / "train.log.1")
        append(reader.path, b"two\n")
        reader.look()
        reader.look(after=PARK_AFTER)
        append(moved, b"late\n")
        reader.look()

        assert reader.streams() == {1: b"one\nlate\n", 2: b"two\n"}

    def test_an_empty_file_s_inode_may_be_the_log_s_by_now(self, reader: Reader) -> None:
        """The log is replaced by a file that has got the inode of one rotated away empty."""
        reader.path.rename(rotated(reader.path, 2))
        reader.path.touch()
        reader.look()
        empty = reader.path.rename(rotated(reader.path))
        append(reader.path, b"two\n")
        reader.look()
        reader.look(after=PARK_AFTER)
        append(empty, b"two\nthree\n")  # as if it had been deleted, and its inode used again
        empty.replace(reader.path)
        reader.look()

        assert list(reader.streams().values()) == [b"one\n", b"two\nthree\n"]

    def test_an_empty_file_s_inode_may_be_a_copy_s_by_now(self, reader: Reader) -> None:
        """The log is emptied, cannot be read for a while, and is another file after that."""
        os.truncate(reader.path, 0)
        reader.look()
        with failing(0, 1.0):
            reader.look_once()
        copy = reader.path.rename(rotated(reader.path))
        append(copy, b"one\n")  # as if it had been deleted, and its inode used again
        append(reader.path, b"two\n")
        reader.look()

        assert [x.data for x in reader.chunks] == [b"one\n", b"two\n"]

    def test_looks_at_so_many_files(self, reader: Reader) -> None:
        """However often a log is rotated, what is remembered is bounded."""
        for number in range(MAX_FILES + 3):
            reader.path.rename(rotated(reader.path, number))
            append(reader.path, b"%d\n" % number)
            reader.look(after=PARK_AFTER)

        assert len(list(reader.follower._streams)) == MAX_FILES
        assert len(reader.streams()) == MAX_FILES + 4

    def test_reads_what_was_rotated_away_while_the_path_is_empty(self, reader: Reader) -> None:
        """Without a new file at the path there may still be unseen ones beside it."""
        reader.path.rename(rotated(reader.path, 2))
        append(reader.path, b"two\n")
        reader.path.rename(rotated(reader.path, 1))

        assert (reader.look(), reader.condition) == (b"two\n", "missing")

    def test_reads_files_rotated_between_two_looks(self, reader: Reader) -> None:
        """A file that came and was rotated away unseen is read whole, in its turn."""
        reader.path.rename(rotated(reader.path, 2))
        append(reader.path, b"two\n")
        reader.path.rename(rotated(reader.path, 1))
        append(reader.path, b"three\n")

        assert reader.look() == b"two\nthree\n"

    def test_a_file_that_comes_back_is_read_once(self, reader: Reader) -> None:
        """A log that takes its name back from a successor goes on where it was."""
        reader.path.rename(rotated(reader.path))
        append(reader.path, b"two\n")
        reader.look()
        rotated(reader.path).replace(reader.path)
        append(reader.path, b"three\n")
        reader.look()

        assert reader.streams() == {1: b"one\nthree\n", 2: b"two\n"}

    def test_leaves_alone_what_was_beside_the_log(self, log: Path) -> None:
        """Older rotations that were there at first sight are not read."""
        rotated(log, 7).write_bytes(b"ancient\n")
        log.write_bytes(b"one\n")
        reader = Reader(log)
        reader.look()
        log.rename(rotated(log))
        append(log, b"two\n")
        reader.look()

        assert reader.streams() == {1: b"one\n", 2: b"two\n"}

    def test_leaves_alone_what_another_follower_reads(self, log: Path) -> None:
        """A log named like a rotation of this one is not its rotation."""
        log.write_bytes(b"one\n")
        other = log.with_name("train.log-b")
        follower = LogFollower(str(log), is_foreign=lambda x: x == str(other))
        follower.look(NOW)
        other.write_bytes(b"other\n")
        log.rename(rotated(log))
        log.write_bytes(b"two\n")

        events = follower.look(NOW).events

        assert [x.data for x in events if isinstance(x, Chunk)] == [b"two\n"]

    def test_knows_its_files_again(self, reader: Reader) -> None:
        """A rotated file is this log's, also once it is closed; another file is not."""
        reader.path.rename(rotated(reader.path))
        append(reader.path, b"two\n")
        stranger = reader.path.with_name("other.log")
        stranger.touch()
        reader.look()
        reader.follower.run_started(2, 0)
        reader.look(after=RETIRED_PATIENCE)

        paths = [reader.path, rotated(reader.path), stranger]
        found = identities(map(str, paths))
        assert [reader.follower.knows(*x) for x in found] == [True, True, False]


class TestSymlink:
    def test_follows_a_swapped_link(self, tmp_path: Path) -> None:
        """When glog points its link at a new file, the old one is drained, the new one read."""
        link, first, second = (tmp_path / x for x in ("caffe.INFO", "a.1", "b.2"))
        append(first, b"one\n")
        link.symlink_to(first)
        reader = Reader(link)
        reader.look()
        append(first, b"two\n")
        append(second, b"three\n")
        link.unlink()
        reader.look()
        link.symlink_to(second)
        reader.look()

        assert reader.streams() == {1: b"one\ntwo\n", 2: b"three\n"}

    def test_remembers_where_the_link_led_while_it_cannot_be_read(self, tmp_path: Path) -> None:
        """A file begun anew under the old target's name is read, though nobody saw it there."""
        log, first, second = (tmp_path / x for x in ("train.log", "run1.log", "run2.log"))
        first.write_bytes(b"one\n")
        log.symlink_to(first)
        reader = Reader(log)
        reader.look()
        with failing(0, 1.0, "lstat"):
            reader.look_once()
        again = reader.restart()
        first.unlink()
        first.write_bytes(b"two\n")
        second.write_bytes(b"three\n")
        log.unlink()
        log.symlink_to(second)
        again.look()

        assert [x.data for x in again.chunks] == [b"two\n", b"three\n"]


class TestTruncation:
    @pytest.mark.parametrize("content", [b"", b"b\n", b"new\n", b"new and longer\n"])
    def test_reads_a_truncated_file_from_its_beginning(
        self, reader: Reader, content: bytes
    ) -> None:
        """However far it has regrown, other content is a new stream, and the old one is over."""
        reader.path.write_bytes(content)
        reader.look()

        assert Ended(1) in reader.events
        assert reader.changes == [Change.TRUNCATED]
        assert reader.streams().get(2, b"") == content

    def test_reads_unread_bytes_from_the_copy(self, reader: Reader) -> None:
        """With copytruncate, what the copy holds beyond the read position comes first."""
        append(reader.path, b"two\n")
        shutil.copy(reader.path, rotated(reader.path))
        reader.path.write_bytes(b"three\n")

        assert (reader.look(), reader.streams()) == (
            b"two\nthree\n", {1: b"one\ntwo\n", 2: b"three\n"},
        )  # fmt: skip

    def test_does_not_read_a_copy_twice(self, reader: Reader) -> None:
        """Copies of what was read are recognised, rotation after rotation."""
        for number in range(4):
            shutil.copy(reader.path, rotated(reader.path, number))
            reader.path.write_bytes(b"line %d\n" % number)
            reader.look()

        assert list(reader.streams().values()) == [b"one\n", *(b"line %d\n" % x for x in range(4))]

    def test_a_truncated_rotated_file_is_over(self, reader: Reader) -> None:
        """A file that was rotated away and emptied has nothing more to say."""
        reader.path.rename(rotated(reader.path))
        append(reader.path, b"two\n")
        reader.look()
        rotated(reader.path).write_bytes(b"")
        reader.look()

        assert reader.events[-1] == Ended(1)
