from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from caffewatch.report.reading import CHUNK, chunks, expand, is_compressed, misnamed, open_log
from tests.logs import CaffeLog


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with logs and other files."""
    for name in ("b.log", "a.txt", "caffe.INFO", "old.log.1", "old.log.gz", "net.prototxt", "x.md"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "sub.log").mkdir()
    return tmp_path


class TestExpand:
    def test_a_folder_yields_its_logs(self, folder: Path) -> None:
        """Sorted, rotated and compressed ones too, and no folders in it."""
        names = [os.path.basename(x) for x in expand([str(folder)])]

        assert names == ["a.txt", "b.log", "caffe.INFO", "old.log.1", "old.log.gz"]

    def test_a_folder_below(self, folder: Path) -> None:
        """Is looked through too, and there as everywhere the content decides."""
        below = folder / "sub.log" / "host1"
        below.mkdir()
        (below / "train").write_bytes(CaffeLog.started().data)
        (below / "quoted.md").write_bytes(b"The log says: " + CaffeLog.started().data[:50])
        (below / "app.log").write_bytes(b"2026-11-23 INFO started\n")
        (below / "net.caffemodel").write_bytes(b"\x0a\x00\nI1109 11:11:11.111111 1 a.cpp:1] x\n")

        found = expand([str(folder)])

        assert [x for x in found if "host1" in x] == [str(below / "train")]

    def test_a_log_without_prefixes(self, tmp_path: Path) -> None:
        """Is known by its Iteration lines."""
        (tmp_path / "pasted").write_bytes(b"Iteration 0, loss = 2.3\nIteration 20, loss = 2.1\n")

        assert expand([str(tmp_path)]) == [str(tmp_path / "pasted")]

    def test_a_glob_yields_files(self, folder: Path) -> None:
        """Of any name, but no folders."""
        assert expand([f"{folder}/*.log"]) == [f"{folder}/b.log"]
        assert expand([f"{folder}/**/*.md"]) == [f"{folder}/x.md"]

    def test_brackets_in_a_name_are_no_glob(self, tmp_path: Path) -> None:
        """A file, or a folder, that is there is meant as it stands."""
        strange = tmp_path / "run[1]"
        strange.mkdir()
        (strange / "a[b].log").touch()

        assert expand([str(strange / "a[b].log")]) == [str(strange / "a[b].log")]
        assert expand([str(strange)]) == [str(strange / "a[b].log")]

    def test_each_log_once_in_the_order_given(self, folder: Path) -> None:
        """Even when two names lead to it."""
        first = f"{folder}/old.log.1"

        assert expand([first, "-", str(folder)])[:3] == [first, "-", f"{folder}/a.txt"]
        assert expand([first, str(folder)]).count(first) == 1

    @pytest.mark.parametrize("name", ["-", "gone.log", "gone/*.log", "x" * 300])
    def test_what_matches_nothing_stays(self, name: str) -> None:
        """So that opening it can say what is wrong."""
        assert expand([name]) == [name]


class TestOpenLog:
    @pytest.mark.parametrize(
        ("ending", "compress"),
        [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)],
    )
    def test_gives_the_logs_bytes(
        self, ending: str, compress: Callable[[bytes], bytes], tmp_path: Path
    ) -> None:
        """In bounded pieces, whatever the compression."""
        data = bytes(range(256)) * 3000
        path = tmp_path / f"train.log{ending}"
        path.write_bytes(compress(data))

        with open_log(str(path)) as stream:
            pieces = list(chunks(stream))

        assert b"".join(pieces) == data
        assert max(map(len, pieces)) <= CHUNK
        assert is_compressed(path) is bool(ending)

    def test_standard_input(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Is not a file of the name ``-``."""
        stdin = io.BytesIO(b"text")
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=stdin))

        assert open_log("-").read() == b"text"

    def test_compressed_standard_input(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It has no name, and its first bytes tell."""
        stdin = io.BytesIO(gzip.compress(b"text"))
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=stdin))

        assert open_log("-").read() == b"text"

    def test_a_folder_without_logs(self, tmp_path: Path) -> None:
        """Says what it looked for."""
        with pytest.raises(FileNotFoundError, match="no training logs in this folder"):
            open_log(str(tmp_path))


class TestMisnamed:
    @pytest.mark.parametrize(
        ("name", "content", "told"),
        [
            ("a.log", b"text", ""),
            ("a.log", gzip.compress(b"text"), ""),
            ("a.log.gz", gzip.compress(b"text"), ""),
            (
                "a.log.gz",
                b"text",
                "no archive of format gzip, in spite of its name; read as it stands",
            ),
            (
                "a.log.xz",
                gzip.compress(b"text"),
                "no archive of format xz, in spite of its name; read as gzip",
            ),
        ],
        ids=["plain", "archive without an ending", "archive", "no archive", "another archive"],
    )
    def test_the_content_counts(self, name: str, content: bytes, told: str, tmp_path: Path) -> None:
        """A wrong ending is told, and the log is read all the same."""
        (tmp_path / name).write_bytes(content)

        with open_log(str(tmp_path / name)) as stream:
            assert misnamed(name, stream) == told
            assert stream.read() == b"text"
