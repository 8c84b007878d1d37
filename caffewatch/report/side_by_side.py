"""Several runs of one log in a table: what was tried, and how it went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from caffewatch.detect.words import spell
from caffewatch.log.glog import isoformat
from caffewatch.monitor import RunRecord
from caffewatch.report.plain import plain

_HEAD = ("run", "net", "began", "outcome", "iterations", "first loss", "last loss", "lr", "found")
_WIDEST = 24


def side_by_side(runs: Sequence[RunRecord]) -> Iterator[Text]:
    """Write a line for each run, under a line of headings."""
    rows = [_HEAD, *(_row(record) for record in runs)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD))]
    for number, row in enumerate(rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield Text("  " + "  ".join(cells).rstrip(), style="dim" if number == 0 else "")


def _row(record: RunRecord) -> tuple[str, ...]:
    run = record.run
    loud = dict.fromkeys(finding.rule for finding in record.findings if finding.loud)
    began = isoformat(run.started_at) or ""
    start, last = run.displays.start, run.displays.level(1)
    return (
        str(run.ordinal),
        plain(run.net_name)[:_WIDEST],
        began[:19].replace("T", " "),
        run.outcome,
        "" if run.iteration is None else str(run.iteration),
        "" if start is None else spell(start),
        "" if last is None else spell(last),
        "" if run.learning_rate is None else f"{run.learning_rate:g}",
        ", ".join(loud) or "nothing",
    )
