"""One log that grows, comes and goes: no rotation yet."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from caffewatch.tail.events import Ended
from caffewatch.tail.follower import LOOK_SIZE
from caffewatch.tail.identity import Change
from caffewatch.tail.streams import CHUNK_SIZE, DELETED_PATIENCE
from tests.tail.faults import CALLS
from tests.tail.harness import Reader, append


def refuse(*_: object) -> int:
    """Stand in for os.open where permission is lacking."""
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


class TestGrowing:
    def test_reads_from_the_beginning(self, log: Path) -> None:
        """A log that is there at the first look is read whole."""
        log.write_bytes(b"one\ntwo\n")
        reader = Reader(log)

        assert reader.look() == b"one\ntwo\n"

    def test_reads_on(self, reader: Reader) -> None:
        """Each look brings what is new, and nothing when nothing is."""
        append(reader.path, b"two\n")

        assert [reader.look(), reader.look()] == [b"two\n", b""]

    def test_delivers_partial_lines_but_does_not_save_them(self, reader: Reader) -> None:
        """A line without its end arrives at once, and again after a restart."""
        append(reader.path, b"tw")
        arrived = reader.look()

        again = reader.restart()
        append(reader.path, b"o\n")

        assert (arrived, again.look()) == (b"tw", b"two\n")

    def test_starts_at_the_end_of_the_last_line(self, log: Path) -> None:
        """With start_at end, what is there is left out, save a line that is being written."""
        log.write_bytes(b"old\n" * 50_000 + b"new")
        reader = Reader(log, start_at="end")

        assert reader.look() == b"new"

    def test_start_at_end_is_for_the_first_look_only(self, log: Path) -> None:
        """A log that appears later is new, and read from its beginning."""
        reader = Reader(log, start_at="end")
        reader.look()
        log.write_bytes(b"one\n")

        assert reader.look() == b"one\n"

    def test_bounds_a_look(self, log: Path) -> None:
        """A look at a long log stops at its bound and says that there is more."""
        log.write_bytes(b"x" * (2 * LOOK_SIZE))
        reader = Reader(log)

        look = reader.follower.look(reader.now)

        sizes = [len(x.data) for x in look.events if not isinstance(x, Ended)]
        assert (sizes, look.more, look.lag) == ([CHUNK_SIZE] * 4, True, LOOK_SIZE)

    def test_chunks_tell_their_place(self, reader: Reader) -> None:
        """A chunk names its stream and the offsets of its first and after its last byte."""
        append(reader.path, b"two\n")
        reader.look()

        chunk = reader.chunks[-1]

        assert (chunk.stream, chunk.continues, chunk.start, chunk.offset) == (1, None, 4, 8)


class TestConditions:
    def test_a_missing_log_is_a_condition(self, log: Path) -> None:
        """No file is reported, not raised."""
        reader = Reader(log)
        reader.look()

        assert reader.condition == "missing"

    def test_a_missing_folder_is_a_condition(self, tmp_path: Path) -> None:
        """No folder is as good as no file."""
        reader = Reader(tmp_path / "gone" / "train.log")
        reader.look()

        assert reader.condition == "missing"

    @pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
    def test_what_is_no_file_is_a_condition(self, log: Path, make: type) -> None:
        """A folder or pipe in a log's place is reported, and opening it blocks nothing."""
        make(log)
        reader = Reader(log)
        reader.look()

        assert reader.look_result is not None
        assert reader.look_result.error == f"{log}: not a regular file"

    def test_a_forbidden_log_is_a_condition(
        self, log: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A log that may not be read is reported, and read once it may; root may read them all."""
        log.write_bytes(b"one\n")
        reader = Reader(log)
        with monkeypatch.context() as forbidden:
            forbidden.setattr(os, "open", refuse)
            before, condition = reader.look(), reader.condition

        assert (before, condition, reader.look()) == (b"", "unreadable", b"one\n")

    def test_a_link_to_itself_is_a_condition(self, log: Path) -> None:
        """Whatever the system refuses is reported in its words."""
        log.symlink_to(log)
        reader = Reader(log)
        reader.look()

        assert reader.condition == "unreadable"

    def test_a_failing_read_loses_nothing(self, reader: Reader) -> None:
        """A descriptor that goes bad is opened again, and reading goes on where it was."""
        append(reader.path, b"two\n")
        (source,) = reader.follower._streams
        assert source.file is not None
        folder = os.open(reader.path.parent, os.O_RDONLY)
        os.dup2(folder, source.file.descriptor)
        os.close(folder)
        first = reader.look(), reader.condition
        second = reader.look(), reader.condition

        assert (first, second) == ((b"two\n", "unreadable"), (b"", "readable"))


class TestDeletion:
    def test_reads_a_deleted_file_on(self, reader: Reader) -> None:
        """A writer does not notice that its file has lost its name, and is followed on."""
        with reader.path.open("ab", buffering=0) as writer:
            reader.path.unlink()
            writer.write(b"two\n")

            assert (reader.look(), reader.condition) == (b"two\n", "missing")

    def test_lets_go_of_a_deleted_file(self, reader: Reader) -> None:
        """A deleted file that stays silent is closed, so that its disk space is free again."""
        reader.path.unlink()
        reader.look()
        reader.look(after=DELETED_PATIENCE)

        assert reader.events[1:] == [Ended(1)]

    @pytest.mark.parametrize("after", [1.0, DELETED_PATIENCE])
    def test_reads_a_recreated_file(self, reader: Reader, after: float) -> None:
        """A new file in a deleted one's place is read from its beginning, as another stream."""
        reader.path.unlink()
        reader.look(after)
        reader.path.write_bytes(b"two\n")
        reader.look()

        assert reader.streams() == {1: b"one\n", 2: b"two\n"}

    def test_goes_on_when_the_file_comes_back(self, reader: Reader) -> None:
        """A file that was moved away and back is not read again."""
        aside = reader.path.with_name("aside")
        reader.path.rename(aside)
        reader.look()
        aside.rename(reader.path)
        append(reader.path, b"two\n")
        reader.look()

        assert reader.streams() == {1: b"one\ntwo\n"}


class TestReplacement:
    def test_goes_on_in_a_longer_copy(self, reader: Reader) -> None:
        """An atomic replace by the same content and more is not read again."""
        new = reader.path.with_name("new")
        new.write_bytes(b"one\ntwo\n")
        new.replace(reader.path)

        assert (reader.look(), reader.changes) == (b"two\n", [Change.REPLACED])

    def test_reads_other_content_from_its_beginning(self, reader: Reader) -> None:
        """An atomic replace by something else is a new file."""
        new = reader.path.with_name("new")
        new.write_bytes(b"two\nthree\n")
        new.replace(reader.path)
        reader.look()

        assert reader.streams() == {1: b"one\n", 2: b"two\nthree\n"}


class TestStillness:
    def test_costs_one_question(self, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A thousand logs in which nothing happens are looked at every second."""
        append(log, b"one\n")
        reader = Reader(log)
        reader.look()
        asked: list[str] = []
        for name in CALLS:
            monkeypatch.setattr(os, name, counted(name, getattr(os, name), asked))

        reader.look()

        assert asked == ["stat"]

    def test_ends_with_any_change(self, log: Path) -> None:
        """Growth, no file, and another one."""
        append(log, b"one\n")
        reader = Reader(log)
        reader.look()
        reader.look()

        append(log, b"two\n")
        assert reader.look() == b"two\n"
        log.rename(log.with_name("train.log.1"))
        reader.look()
        assert reader.condition == "missing"
        append(log, b"new\nnew\n")
        assert reader.look() == b"new\nnew\n"


def counted(name: str, call: Callable[..., Any], asked: list[str]) -> Callable[..., Any]:
    """Note each call."""

    def counting(*values: Any, **named: Any) -> Any:
        asked.append(name)
        return call(*values, **named)

    return counting
