from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import fsspec
import pytest

from caffewatch.report import remote
from caffewatch.report.judging import judge
from caffewatch.report.reading import expand, modified, open_log
from tests.logs import CaffeLog

ROOT = "memory:///caffewatch"


@pytest.fixture
def store() -> Iterator[str]:
    """Put a log, and a file that is none, into fsspec's file system in memory."""
    files = fsspec.filesystem("memory")
    files.pipe("/caffewatch/a/train", CaffeLog.started().data)
    files.pipe("/caffewatch/a/notes.md", b"nothing\n")
    yield ROOT
    files.rm("/caffewatch", recursive=True)


class TestRemote:
    def test_a_folder_yields_its_logs(self, store: str) -> None:
        """By their content, as on disk."""
        assert expand([store]) == [f"{ROOT}/a/train"]

    def test_a_glob_yields_files(self, store: str) -> None:
        """Those of it that are logs."""
        assert expand([f"{store}/*/t*"]) == [f"{ROOT}/a/train"]

    def test_bytes(self, store: str) -> None:
        """Are those of the file."""
        with open_log(f"{store}/a/train") as stream:
            assert stream.read() == CaffeLog.started().data

    def test_time(self, store: str) -> None:
        """Comes from the file system."""
        written = fsspec.filesystem("memory").modified("/caffewatch/a/train")

        assert modified(f"{store}/a/train") == written.timestamp()
        assert datetime.fromtimestamp(modified(f"{store}/gone"), UTC) > written  # now

    @pytest.mark.parametrize(
        ("name", "reason"),
        [(f"{ROOT}/gone", "gone"), ("nosuch://x", "Protocol not known")],
    )
    def test_what_cannot_be_read(self, name: str, reason: str) -> None:
        """Is told of the log."""
        done = judge(name, "summary")

        assert done is not None
        assert not done.whole
        assert reason in done.told[0]
        assert expand([name]) == [name]

    def test_without_the_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The message says what to install."""
        monkeypatch.setitem(sys.modules, "fsspec.core", None)

        with pytest.raises(OSError, match=r"pip install 'caffewatch\[dask\]'"):
            remote.open_bytes("memory://x")

    def test_a_plain_path(self, tmp_path: Path) -> None:
        """Is none."""
        assert not remote.is_remote(str(tmp_path))
