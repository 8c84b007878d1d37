"""``caffewatch.check``: what a log says, for notebooks and other programs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from caffewatch.detect.finding import Finding
from caffewatch.detect.settings import RuleSettings
from caffewatch.log.localtime import as_if_utc
from caffewatch.monitor import Monitor, RunRecord
from caffewatch.report import as_json
from caffewatch.report.reading import chunks, open_log
from caffewatch.report.tables import Batch, BlobRow, EventRow, TableReader
from caffewatch.report.tables_wide import WideTable

if TYPE_CHECKING:
    import pandas

Columns = dict[str, list[Any]]
TableName = Literal["train", "test", "blobs", "events"]


@dataclass(frozen=True)
class Report:
    """A log that was read to its end.

    Attributes
    ----------
    log
        Its name, as it was given.
    lines, unrecognised_lines
        How many lines it has, and how many of them said nothing that Caffe says.
    runs
        Its runs, oldest first; each has ``run`` (what is known of it) and ``findings``.
    """

    log: str
    runs: Sequence[RunRecord]
    lines: int
    unrecognised_lines: int
    _monitor: Monitor
    _rows: Batch

    def __repr__(self) -> str:
        counts = f"{len(self.runs)} runs, {len(self.findings)} findings"
        return f"<Report of {self.log}: {counts}, {len(self.loud)} loud>"

    @property
    def findings(self) -> list[Finding]:
        """All findings of all runs, in the order in which they began."""
        return [finding for record in self.runs for finding in record.findings]

    @property
    def loud(self) -> list[Finding]:
        """The findings that people are to be told of: no notes, and not folded into a cause."""
        return [finding for finding in self.findings if finding.loud]

    @property
    def train(self) -> Columns:
        """A row for each display: NumIters, Seconds, LearningRate, then the outputs by name."""
        return self.table("train")

    @property
    def test(self) -> Columns:
        """A row for each test of each test net, with the columns of `train`."""
        return self.table("test")

    @property
    def blobs(self) -> Columns:
        """A row for each debug_info value: see `caffewatch.report.tables.BlobRow`."""
        return self.table("blobs")

    @property
    def events(self) -> Columns:
        """A row for whatever happened: see `caffewatch.report.tables.EventRow`."""
        return self.table("events")

    def table(self, name: TableName) -> Columns:
        """Return a table as lists of one length by column; what is missing is None.

        Raises
        ------
        ValueError
            There is no such table.
        """
        if name == "blobs":
            return _columns(BlobRow._fields, self._rows.blobs())
        if name == "events":
            return _columns(EventRow._fields, self._rows.events)
        if name not in ("train", "test"):
            raise ValueError(f"{name!r} is no table: train, test, blobs or events")
        with WideTable() as table:
            table.add(self._rows.train if name == "train" else self._rows.test)
            return _columns(list(table.columns()), table.rows())

    def frame(self, name: TableName) -> pandas.DataFrame:
        """Return a table as a pandas frame.

        Raises
        ------
        ImportError
            pandas is not there; `table` does without.
        ValueError
            There is no such table.
        """
        import pandas  # noqa: PLC0415 - only who asks for frames needs it

        return pandas.DataFrame(self.table(name))

    def as_dict(self) -> dict[str, Any]:
        """Return what ``caffewatch check --format json`` says of the log."""
        return as_json.report(self.log, self._monitor)


def check(path: str | os.PathLike[str], rules: RuleSettings | None = None) -> Report:
    """Judge a finished or growing log, compressed or not, by what it holds now.

    All rows of its tables are kept in memory: about as much as the log is large.

    Parameters
    ----------
    rules
        Settings of the rules, where they are not to be the default ones.

    Raises
    ------
    OSError
        The log cannot be read.
    caffewatch.report.archive.ArchiveError
        It is compressed and damaged.
    """
    name = os.fspath(path)
    reader, rows = TableReader(Monitor(rules=rules, reference=_reference(name))), Batch()
    with open_log(name) as stream:
        for data in chunks(stream):
            rows.extend(reader.feed(data))
    rows.extend(reader.close())
    parser = reader.monitor.parser
    runs = tuple(reader.monitor.runs)
    return Report(name, runs, parser.line, parser.unrecognised, reader.monitor, rows)


def _reference(name: str) -> float | None:
    """Return a time near the log's own: the year of stamps that have none."""
    return as_if_utc(Path(name).stat().st_mtime) if name != "-" else None


def _columns(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Columns:
    cells = list(zip(*rows, strict=True)) or [()] * len(names)
    return {name: list(column) for name, column in zip(names, cells, strict=True)}
