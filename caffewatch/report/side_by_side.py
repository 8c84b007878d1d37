"""Several runs of one log in a table: what was tried, and how it went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from caffewatch.monitor import RunRecord
from caffewatch.report.facts import COLUMNS, row
from caffewatch.report.styled import Line


def side_by_side(runs: Sequence[RunRecord]) -> Iterator[Line]:
    """Write a line for each run, under a line of headings."""
    rows = [COLUMNS, *(row(record) for record in runs)]
    widths = [max(len(cells[at]) for cells in rows) for at in range(len(COLUMNS))]
    for number, cells in enumerate(rows):
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        text = "  " + "  ".join(padded).rstrip()
        yield Line(text if number else (text, "dim"))
