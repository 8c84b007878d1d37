"""Tables of a log as files in a folder, which appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Protocol, TextIO

from caffewatch.report.parse_log import LINE_END, ParseLogTable
from caffewatch.report.tables import Batch, BlobRow, EventRow
from caffewatch.report.tables_files import CsvFile, Kind, ParquetFile, TableFile
from caffewatch.report.tables_wide import WideTable

_BLOBS: dict[str, Kind] = dict.fromkeys(BlobRow._fields, str) | {
    "run": int, "iteration": int, "value": float, "line": int
}  # fmt: skip
_EVENTS: dict[str, Kind] = dict.fromkeys(EventRow._fields, str) | dict.fromkeys(
    ("run", "line", "iteration"), int
)
Open = Callable[[str, Mapping[str, Kind]], TableFile]
"""Makes the file of a table: (name, column -> what it holds)."""


class Export(Protocol):
    """What takes the rows of a log."""

    def add(self, batch: Batch) -> None:
        """Take rows."""

    def close(self) -> dict[str, int]:
        """Write the rest; return how many rows each table has."""


class TableExport:
    """Write some of the tables train, test, blobs and events."""

    def __init__(self, tables: Iterable[str], open_table: Open, stack: ExitStack) -> None:
        self._open = open_table
        self._wide = {x: stack.enter_context(WideTable()) for x in tables if x in ("train", "test")}
        self._files = {
            name: open_table(name, columns)
            for name, columns in {"blobs": _BLOBS, "events": _EVENTS}.items()
            if name in tables
        }
        self._lengths = dict.fromkeys(tables, 0)

    def add(self, batch: Batch) -> None:
        """Take rows."""
        for name, table in self._wide.items():
            table.add(batch.train if name == "train" else batch.test)
        if "blobs" in self._files:
            self._files["blobs"].write(batch.blobs())
            self._lengths["blobs"] += sum(len(block.values) for _, block in batch.passes)
        if "events" in self._files:
            self._files["events"].write(batch.events)
            self._lengths["events"] += len(batch.events)

    def close(self) -> dict[str, int]:
        """Write train and test, whose columns are known only now."""
        for name, table in self._wide.items():
            file = self._open(name, table.columns())
            file.write(table.rows())
            file.close()
            self._lengths[name] = table.length
        for file in self._files.values():
            file.close()
        return self._lengths


class ParseLogExport:
    """Write the files of parse_log.py: several runs one below the other, as it does."""

    def __init__(self, create: Callable[[str, Iterable[str]], CsvFile]) -> None:
        self._train = ParseLogTable(partial(create, "train"))
        self._test = ParseLogTable(partial(create, "test"))

    def add(self, batch: Batch) -> None:
        """Take rows."""
        self._train.add(batch.train)
        self._test.add(batch.test)

    def close(self) -> dict[str, int]:
        """Write what is left; a table without rows has no file."""
        self._train.close()
        self._test.close()
        return {"train": self._train.length, "test": self._test.length}


class Drafts(AbstractContextManager["Drafts"]):
    """Files that get their names by `keep`, and without it are no more when it is left."""

    def __init__(self) -> None:
        self._drafts: dict[Path, Path] = {}
        self._files: list[TextIO] = []

    def path(self, target: Path) -> Path:
        """Return where to write what is to be at ``target``."""
        return self._drafts.setdefault(target, target.with_name(f"{target.name}.{os.getpid()}.tmp"))

    def text(self, target: Path) -> TextIO:
        """Open a file for text, as the csv module wants it."""
        file = self.path(target).open("w", encoding="utf-8", newline="")
        self._files.append(file)
        return file

    def keep(self) -> None:
        """Put the files in their places."""
        for file in self._files:
            file.close()
        for target, draft in self._drafts.items():
            draft.replace(target)

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            with suppress(OSError):  # a full disk has been told by the first write that failed
                file.close()
        for draft in self._drafts.values():
            draft.unlink(missing_ok=True)


def open_csv(drafts: Drafts, folder: Path, delimiter: str) -> Open:
    """Return what makes ``NAME.csv`` in a folder."""
    return lambda name, columns: CsvFile(drafts.text(folder / f"{name}.csv"), columns, delimiter)


def open_parquet(drafts: Drafts, folder: Path) -> Open:
    """Return what makes ``NAME.parquet`` in a folder."""
    return lambda name, columns: ParquetFile(drafts.path(folder / f"{name}.parquet"), columns)


def open_parse_log(
    drafts: Drafts, folder: Path, log: str, delimiter: str
) -> Callable[[str, Iterable[str]], CsvFile]:
    """Return what makes ``LOG.train`` and ``LOG.test`` in a folder."""
    return lambda name, columns: CsvFile(
        drafts.text(folder / f"{log}.{name}"), columns, delimiter, LINE_END
    )
