"""Several runs of one log in a table: what was tried, and how it went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from caffewatch.monitor import RunRecord
from caffewatch.report.facts import COLUMNS, row


def side_by_side(runs: Sequence[RunRecord]) -> Iterator[Text]:
    """Write a line for each run, under a line of headings."""
    rows = [COLUMNS, *(row(record) for record in runs)]
    widths = [max(len(cells[at]) for cells in rows) for at in range(len(COLUMNS))]
    for number, cells in enumerate(rows):
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield Text("  " + "  ".join(padded).rstrip(), style="dim" if number == 0 else "")
