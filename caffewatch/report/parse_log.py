"""The files of Caffe's own tools/extra/parse_log.py, for scripts that read those."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from caffewatch.report.tables_files import CsvFile
from caffewatch.report.tables_rows import COMMON, Row, since

LINE_END = "\r\n"


class ParseLogTable:
    """One of the two files: ``LOG.train`` or ``LOG.test``.

    Like parse_log.py: the columns are those of the first row, numbers are written as floats, the
    learning rate is the one printed last before the outputs, and the first row's that of the
    second. Unlike it, nan is kept, and an output that the first row has not is left out.

    Parameters
    ----------
    create
        Makes the file, given its columns; called only if there is a row.
    """

    def __init__(self, create: Callable[[Iterable[str]], CsvFile]) -> None:
        self.length = 0
        self._create = create
        self._file: CsvFile | None = None
        self._origin: float | None = None
        self._columns: list[str] = []
        self._first: dict[str, float] | None = None

    def add(self, rows: Iterable[Row]) -> None:
        """Take rows; seconds count from the first run's beginning, for all runs."""
        for row in rows:
            if row.outputs:
                self._origin = row.origin if self._file is None else self._origin
                self._add(_cells(row, self._origin))

    def close(self) -> None:
        """Write a first row that no second one has followed."""
        if self._first is not None:
            self._write(self._first)

    def _add(self, cells: dict[str, float]) -> None:
        self.length += 1
        if self._file is None:
            self._columns = list(cells)
            self._file = self._create(self._columns)
            self._first = cells
            return
        if self._first is not None:
            self._write(self._first | {"LearningRate": cells["LearningRate"]})
            self._first = None
        self._write(cells)

    def _write(self, cells: dict[str, float]) -> None:
        assert self._file is not None
        self._file.write([[cells.get(name, "") for name in self._columns]])


def _cells(row: Row, origin: float | None) -> dict[str, float]:
    seconds = since(origin, row.time)
    printed = math.nan if row.printed is None else row.printed
    common = dict(
        zip(
            COMMON,
            (float(row.iteration), math.nan if seconds is None else seconds, printed),
            strict=True,
        )
    )
    return common | {x.name: x.value for x in row.outputs if x.name not in COMMON}
