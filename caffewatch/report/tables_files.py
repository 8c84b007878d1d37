"""Files that tables are written to: CSV and Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, TextIO

Kind = type[int] | type[float] | type[str]
Cells = Sequence[object]
_GROUP = 1 << 17
"""Rows of a Parquet row group: what is held in memory at once."""
MISSING = "Parquet needs pyarrow: pip install 'caffewatch[parquet]'"


class TableFile(Protocol):
    """A table that is being written, row by row."""

    def write(self, rows: Iterable[Cells]) -> None:
        """Add rows, each with a cell for every column."""

    def close(self) -> None:
        """Write what is still held back."""


class CsvFile:
    """CSV with a header; what is missing is an empty cell, and nan is ``nan``.

    Parameters
    ----------
    out
        Opened with ``newline=""``; whoever opened it closes it.
    """

    def __init__(
        self, out: TextIO, columns: Iterable[str], delimiter: str = ",", end: str = "\n"
    ) -> None:
        self._writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
        self._writer.writerow(columns)

    def write(self, rows: Iterable[Cells]) -> None:
        """Add rows."""
        self._writer.writerows(rows)

    def close(self) -> None:
        """Do nothing: the file is its opener's."""


class ParquetFile:
    """Parquet with a row group for every so many rows; what is missing is null.

    Raises
    ------
    ImportError
        pyarrow is not there.
    """

    def __init__(self, path: Path, columns: Mapping[str, Kind]) -> None:
        import pyarrow  # noqa: PLC0415 - an extra
        from pyarrow import parquet  # noqa: PLC0415 - likewise

        kinds = {int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string()}
        self._arrow: Any = pyarrow
        self._schema = pyarrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
        self._writer = parquet.ParquetWriter(path, self._schema)
        self._rows: list[Cells] = []

    def write(self, rows: Iterable[Cells]) -> None:
        """Add rows."""
        for row in rows:
            self._rows.append(row)
            if len(self._rows) >= _GROUP:
                self._write()

    def close(self) -> None:
        """Write the last rows and the footer."""
        try:
            self._write()
        finally:
            self._writer.close()

    def _write(self) -> None:
        rows, self._rows = self._rows, []
        if not rows:
            return
        columns = [
            self._arrow.array(cells, field.type)
            for cells, field in zip(zip(*rows, strict=True), self._schema, strict=True)
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(columns, schema=self._schema))


def has_parquet() -> bool:
    """Tell whether Parquet can be written here."""
    return find_spec("pyarrow") is not None
