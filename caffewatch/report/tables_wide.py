"""The train and test tables: their columns are known only when the log has been read."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

from caffewatch.report.tables_files import Kind
from caffewatch.report.tables_rows import COMMON, Row

_IN_MEMORY = 8 * 1024 * 1024
MOST_COLUMNS = 1000
"""Net outputs that get a column; a hostile log could name any number."""

Spooled = tuple[int, str, dict[str, float | int | None]]


class WideTable:
    """Rows of displays or tests, kept in a temporary file until all columns are known.

    There is a column ``run`` where there are several runs, and ``net`` where there are several
    nets; without them the columns are those of parse_log.py.
    """

    def __init__(self) -> None:
        self.length = 0
        self._spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - see exit
        self._outputs: dict[str, None] = {}
        self._runs: set[int] = set()
        self._nets: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spool.close()

    def add(self, rows: Iterable[Row]) -> None:
        """Take rows, in the order of the log."""
        spooled = [(row.run, row.net, row.cells()) for row in rows]
        if not spooled:
            return
        for run, net, cells in spooled:
            self._runs = self._runs if len(self._runs) > 1 else self._runs | {run}
            self._nets = self._nets if len(self._nets) > 1 else self._nets | {net}
            new = [name for name in cells if name not in self._outputs and name not in COMMON]
            self._outputs.update(dict.fromkeys(new[: MOST_COLUMNS - len(self._outputs)]))
        self.length += len(spooled)
        pickle.dump(spooled, self._spool)

    def columns(self) -> dict[str, Kind]:
        """Return the columns and what they hold."""
        extra: dict[str, Kind] = {}
        if len(self._runs) > 1:
            extra["run"] = int
        if len(self._nets) > 1:
            extra["net"] = str
        outputs: dict[str, Kind] = dict.fromkeys(self._outputs, float)
        return {**extra, "NumIters": int, "Seconds": float, "LearningRate": float, **outputs}

    def rows(self) -> Iterator[list[object]]:
        """Yield the rows with a cell for each of `columns`, None where a row has none."""
        names = list(self.columns())
        self._spool.seek(0)
        left = self.length
        while left:
            spooled: list[Spooled] = pickle.load(self._spool)
            left -= len(spooled)
            for run, net, cells in spooled:
                known = {"run": run, "net": net} | cells
                yield [known.get(name) for name in names]
