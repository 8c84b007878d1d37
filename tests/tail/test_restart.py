"""Going on after a restart, whatever happened in between."""

import os
import shutil
from pathlib import Path

import pytest

from tests.tail.harness import Reader, append


def lines(reader: Reader) -> list[tuple[bytes, bool]]:
    """Return what arrived as (bytes, is a replay)."""
    return [(x.data, x.replay) for x in reader.chunks]


def _moved_to_another_folder(log: Path) -> Path:
    folder = log.with_name("old")
    folder.mkdir()
    return log.rename(folder / "train.log.1")


class TestRestart:
    def test_goes_on_where_it_was(self, reader: Reader) -> None:
        """What was read before is not read again."""
        append(reader.path, b"two\n")
        again = reader.restart()

        assert again.look() == b"two\n"

    @pytest.mark.parametrize("name", ["train.log.1", "train.log-20261123", "first try"])
    def test_finds_a_file_renamed_in_the_meantime(self, reader: Reader, name: str) -> None:
        """The rotated file's unread bytes come first, then the new file."""
        append(reader.path, b"two\n")
        again = reader.restart()
        reader.path.rename(reader.path.with_name(name))
        append(reader.path, b"three\n")
        again.look()

        assert again.streams() == {1: b"two\n", 2: b"three\n"}

    def test_finds_a_file_moved_to_another_folder_before(self, reader: Reader) -> None:
        """What was rotated into a folder of old logs is remembered with its place."""
        moved = _moved_to_another_folder(reader.path)
        append(reader.path, b"two\n")
        reader.look()
        again = reader.restart()
        append(moved, b"late\n")
        again.look()

        assert again.streams() == {1: b"late\n"}

    def test_reads_a_file_replaced_in_the_meantime_once(self, reader: Reader) -> None:
        """The log was moved aside and copied back: it goes on in the copy."""
        reader.follower.run_started(1, 0)
        again = reader.restart(rewind=True)
        aside = reader.path.rename(reader.path.with_name("aside"))
        shutil.copy(aside, reader.path)
        append(reader.path, b"two\n")
        again.look()

        assert lines(again) == [(b"one\n", True), (b"two\n", False)]

    def test_finds_the_copy_of_a_file_truncated_in_the_meantime(self, reader: Reader) -> None:
        """The copy's unread bytes come first, then the file from its beginning."""
        append(reader.path, b"two\n")
        again = reader.restart()
        shutil.copy(reader.path, reader.path.with_name("train.log.1"))
        reader.path.write_bytes(b"three\n")
        again.look()

        assert again.streams() == {1: b"two\n", 2: b"three\n"}

    def test_reads_files_that_came_and_went_in_the_meantime(self, reader: Reader) -> None:
        """Several rotations while nobody looked lose no line."""
        again = reader.restart()
        for number, text in ((3, b"two\n"), (2, b"three\n"), (1, b"four\n")):
            reader.path.rename(reader.path.with_name(f"train.log.{number}"))
            append(reader.path, text)

        assert again.look() == b"two\nthree\nfour\n"

    def test_goes_on_in_a_rotated_file_that_is_still_written(self, reader: Reader) -> None:
        """A redirect's rotated file is followed after a restart too."""
        old = reader.path.with_name("train.log.1")
        reader.path.rename(old)
        reader.path.touch()
        reader.look()
        again = reader.restart()
        append(old, b"two\n")

        assert again.look() == b"two\n"

    def test_reads_a_new_file_when_the_old_one_is_gone(self, reader: Reader) -> None:
        """Without a trace of the saved file, the one that is there is read from its beginning."""
        again = reader.restart()
        reader.path.unlink()
        append(reader.path, b"two\n")

        assert again.look() == b"two\n"

    def test_waits_for_a_folder_that_is_not_mounted_yet(self, reader: Reader) -> None:
        """A log that is missing at the start keeps its position until it can be found."""
        folder = reader.path.parent
        again = reader.restart()
        folder.rename(folder.with_name("away"))
        before = again.look(), again.condition
        saved = again.follower.position()
        folder.with_name("away").rename(folder)
        append(reader.path, b"two\n")

        assert (*before, saved.offset, again.look()) == (b"", "missing", 4, b"two\n")

    def test_never_repeats_a_stream_number(self, reader: Reader) -> None:
        """A file that is new after a restart gets a number that no file had before."""
        again = reader.restart()
        reader.path.write_bytes(b"two\n")
        again.look()

        assert list(again.streams()) == [2]


class TestRewind:
    def test_replays_the_run_exactly_up_to_the_saved_position(self, reader: Reader) -> None:
        """Bytes since the run's start come as replays, later ones live."""
        append(reader.path, b"run\nloss\nfrag")
        reader.look()
        reader.follower.run_started(1, 4)
        again = reader.restart(rewind=True)
        again.look()

        assert lines(again) == [(b"run\nloss\n", True), (b"frag", False)]

    def test_replays_across_files(self, reader: Reader) -> None:
        """A run that began in a rotated file is read again from there."""
        reader.follower.run_started(1, 0)
        reader.path.rename(reader.path.with_name("train.log.1"))
        append(reader.path, b"two\n")
        reader.look()
        append(reader.path, b"three\n")
        again = reader.restart(rewind=True)
        again.look()

        assert lines(again) == [(b"one\n", True), (b"two\n", True), (b"three\n", False)]

    def test_starts_with_what_is_there(self, reader: Reader) -> None:
        """When the run's first file is gone, its second one is read again."""
        reader.path.rename(reader.path.with_name("train.log.1"))
        append(reader.path, b"two\n")
        reader.look()
        again = reader.restart(rewind=True)
        reader.path.with_name("train.log.1").unlink()
        again.look()

        assert lines(again) == [(b"two\n", True)]

    def test_leaves_files_before_the_run_alone(self, reader: Reader) -> None:
        """Once a run begins in the new file, the silent old one is not read again."""
        reader.path.rename(reader.path.with_name("train.log.1"))
        append(reader.path, b"two\n")
        reader.look()
        reader.follower.run_started(2, 0)
        reader.look(after=1e6)
        again = reader.restart(rewind=True)
        again.look()

        assert lines(again) == [(b"two\n", True)]

    def test_replays_only_what_the_reader_does_not_hold(self, log: Path) -> None:
        """With a state saved on the way, only what came after it is read again."""
        append(log, b"one\ntwo\n")
        reader = Reader(log)
        reader.look()
        append(log, b"three\n")
        again = reader.restart(held={1: 4})
        again.look()

        assert lines(again) == [(b"two\n", True), (b"three\n", False)]

    def test_a_state_knows_nothing_of_later_files(self, reader: Reader) -> None:
        """A file that came after the state was saved is replayed from its run's beginning."""
        reader.path.rename(reader.path.with_name("train.log.1"))
        append(reader.path, b"two\n")
        reader.look()
        again = reader.restart(held={1: 4})
        again.look()

        assert lines(again) == [(b"two\n", True)]

    def test_a_copy_that_got_the_inode_of_an_empty_file_is_not_read(self, log: Path) -> None:
        """Of an empty file only the inode is known, and the system gives it to the next one."""
        append(log, b"one\n")
        reader = Reader(log)
        reader.look()
        os.truncate(log, 0)
        reader.look()
        again = reader.restart()
        log.rename(log.with_name("train.log.1"))  # as if what follows had got its inode
        append(log.with_name("train.log.1"), b"one\n")
        log.touch()
        again.look()

        assert lines(again) == []

    def test_keeps_the_saved_position_while_replaying(self, log: Path) -> None:
        """A kill in the middle of the replay loses nothing: the position does not go back."""
        log.write_bytes(b"x" * 3_000_000 + b"\n")
        reader = Reader(log)
        reader.look()
        again = reader.restart(rewind=True)
        again.follower.look(again.now)

        assert again.follower.position().offset == 3_000_001
