from __future__ import annotations

import os
from pathlib import Path

import pytest

from caffewatch.tail.identity import FileId
from caffewatch.tail.reader import file_id
from caffewatch.tail.writers import is_being_written


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Make a file that nobody has open."""
    path = tmp_path / "train.log"
    path.write_bytes(b"one\n")
    return path


def identity(path: Path) -> FileId:
    """Return what tells a file."""
    return file_id(path.stat())


class TestIsBeingWritten:
    def test_by_this_process(self, log: Path) -> None:
        """Whoever has it open for writing, appending or both."""
        assert not is_being_written(identity(log))
        for flags in (os.O_WRONLY, os.O_WRONLY | os.O_APPEND, os.O_RDWR):
            descriptor = os.open(log, flags)
            assert is_being_written(identity(log))
            os.close(descriptor)
        assert not is_being_written(identity(log))

    def test_a_reader_is_no_writer(self, log: Path) -> None:
        """Such as caffewatch itself."""
        with log.open("rb"):
            assert not is_being_written(identity(log))

    def test_a_file_without_a_name(self, log: Path) -> None:
        """It may be deleted and written on."""
        found = identity(log)
        with log.open("ab"):
            log.unlink()
            assert is_being_written(found)

    @pytest.mark.parametrize("info", ["flags:\t0100001\n", "pos:\t0\nflags:\t02\n"])
    def test_by_another_process(self, log: Path, tmp_path: Path, info: str) -> None:
        """Flags are octal, with others among them."""
        assert is_being_written(identity(log), process(tmp_path, log, info))

    @pytest.mark.parametrize("info", ["", "flags:\n", "flags:\tx\n", "flags:\t0100000\n", None])
    def test_what_cannot_be_seen_is_not_written(
        self, log: Path, tmp_path: Path, info: str | None
    ) -> None:
        """Another user's process, or one that ends just now."""
        assert not is_being_written(identity(log), process(tmp_path, log, info))

    def test_without_proc(self, log: Path, tmp_path: Path) -> None:
        """Nobody can be seen."""
        assert not is_being_written(identity(log), tmp_path / "proc")


def process(folder: Path, log: Path, info: str | None) -> Path:
    """Show a process as the kernel does, with one descriptor."""
    shown = folder / "proc" / "4711"
    (shown / "fd").mkdir(parents=True)
    (shown / "fdinfo").mkdir()
    (shown / "fd" / "3").symlink_to(log)
    (folder / "proc" / "self").symlink_to("4711")
    if info is not None:
        (shown / "fdinfo" / "3").write_text(info)
    return folder / "proc"
