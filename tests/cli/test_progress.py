from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from caffewatch.cli import progress, terminal
from caffewatch.report.archive import LogFile
from caffewatch.report.reading import open_log


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        """Pretend."""
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Make standard error a terminal, and every log a large one.

    No fixture: pytest exchanges standard error between set-up and test.
    """
    shown_on = Terminal()
    monkeypatch.setattr("sys.stderr", shown_on)
    monkeypatch.setattr(progress, "LARGE", 1)
    monkeypatch.setenv("TERM", "xterm")
    return shown_on


class TestProgress:
    @pytest.mark.parametrize(
        ("ending", "compress"),
        [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)],
    )
    def test_shows_how_far_it_is(
        self,
        ending: str,
        compress: Callable[[bytes], bytes],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        """In bytes as they stand on disk, all logs together."""
        shown_on = on_terminal(monkeypatch)
        logs = [tmp_path / f"{name}.log{ending}" for name in "ab"]
        for log in logs:
            log.write_bytes(compress(os.urandom(5000)))
        total = sum(x.stat().st_size for x in logs) / 1000

        with progress.Progress([str(x) for x in logs]) as bar:
            for log in logs:
                with open_log(str(log)) as stream:
                    stream.read()
                    bar.advance(stream)

        assert f"{total:.1f}/{total:.1f} kB" in shown_on.getvalue()

    @pytest.mark.parametrize("width", [40, 80])
    def test_is_one_line(self, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """On a narrow terminal the bar is shorter, and every figure is whole."""
        monkeypatch.setenv("COLUMNS", str(width))
        bar = terminal.bar()
        bar.add_task("", total=750_300_000, completed=427_000_000)

        console = Console(width=width, file=io.StringIO())
        shown = console.render_lines(bar.get_renderable())

        (line,) = ("".join(part.text for part in line) for line in shown)
        assert "427.0/750.3 MB" in line
        assert "━━" in line

    def test_a_pipe_has_no_length(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Standard input among the logs leaves the bar as it is."""
        shown_on = on_terminal(monkeypatch)
        (tmp_path / "a.log").write_bytes(b"x")
        reader, writer = os.pipe()
        os.close(writer)

        with (
            progress.Progress([str(tmp_path / "a.log"), "-"]) as bar,
            os.fdopen(reader, "rb") as stream,
        ):
            bar.advance(LogFile(stream))

        assert "0/1 bytes" in shown_on.getvalue()

    def test_no_terminal_no_bar(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Nothing is written into a file or pipe."""
        log = tmp_path / "a.log"
        log.write_bytes(b"x")

        with progress.Progress([str(log)]) as bar, log.open("rb") as stream:
            bar.advance(LogFile(stream))

        assert capsys.readouterr() == ("", "")
