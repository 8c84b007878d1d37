from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from caffewatch.cli import watch_view
from tests.logs import CaffeLog
from tests.watched import watch


def drawn(rows: list[watch_view.Row], width: int, height: int) -> list[str]:
    """Return the lines of a screen of that size."""
    console = Console(width=width, height=height, file=StringIO(), color_system=None)
    with console.capture() as shown:
        console.print(watch_view.screen((), rows, console))
    return shown.get().splitlines()


def logs(*names: str, bad: str = "") -> list[watch_view.Row]:
    """Return logs of two displays, one of them gone bad."""
    rows: list[watch_view.Row] = []
    for name in names:
        log = CaffeLog.started()
        log.display(0)
        log.display(10, {"ip1": "nan"} if name == bad else None)
        rows.append((name, watch(log), None))
    return rows


class TestScreen:
    def test_more_logs_than_lines(self) -> None:
        """What is in trouble is seen, and how many others are not."""
        names = [f"/data/logs/{n}.log" for n in range(30)]

        lines = drawn(logs(*names, bad="/data/logs/25.log"), 80, 24)

        assert len(lines) <= 24
        assert "25.log" in lines[3]
        hidden = 30 - sum(".log" in line for line in lines)
        assert lines[-1].startswith(f"and {hidden} more")

    @pytest.mark.parametrize("width", [40, 80, 140])
    def test_no_figure_is_cut(self, width: int) -> None:
        """Words and numbers are whole, however narrow the terminal."""
        lines = drawn(logs("/data/logs/a.log", bad="/data/logs/a.log"), width, 24)

        words = " ".join(lines).split()
        assert {"a.log", "running", "non_finite", "10/1000"} <= set(words)
        assert max(map(len, lines)) <= width


class TestNames:
    @pytest.mark.parametrize(
        ("names", "shown"),
        [
            (("/data/x/a.log", "/data/y/b.log"), ("x/a.log", "y/b.log")),
            (("/data/x/a.log", "b.log"), ("/data/x/a.log", "b.log")),
            (("-",), ("-",)),
        ],
    )
    def test_without_what_all_begin_with(
        self, names: tuple[str, ...], shown: tuple[str, ...]
    ) -> None:
        """Room is for what tells logs apart."""
        lines = " ".join(drawn(logs(*names), 100, 40)).split()

        assert set(shown) <= set(lines)
