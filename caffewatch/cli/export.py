"""``caffewatch export LOG -o DIR``: a log's tables, as CSV or Parquet."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from caffewatch.cli.progress import Progress
from caffewatch.log.localtime import as_if_utc
from caffewatch.monitor import Monitor
from caffewatch.report.plain import plain
from caffewatch.report.reading import DAMAGED, chunks, expand, open_log
from caffewatch.report.tables import TABLES, TableReader
from caffewatch.report.tables_export import (
    Drafts,
    Export,
    ParseLogExport,
    TableExport,
    open_csv,
    open_parquet,
    open_parse_log,
)
from caffewatch.report.tables_files import MISSING, CsvFile, has_parquet

_KEPT = 2
"""Runs that the monitor remembers: what is told of one is written when it ends."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "log", metavar="LOG", help="file (.gz, .bz2 and .xz too), or - for standard input"
    )
    parser.add_argument("--format", choices=("csv", "parquet"), default="csv")
    parser.add_argument(
        "-o", "--output", metavar="DIR", required=True,
        help="the folder, made if need be; - writes the one --table to standard output",
    )  # fmt: skip
    parser.add_argument(
        "--table", action="append", choices=TABLES, help="only this one; may be repeated"
    )
    parser.add_argument(
        "--parse-log", action="store_true",
        help="write LOG.train and LOG.test exactly as Caffe's parse_log.py does, but keep nan",
    )  # fmt: skip
    parser.add_argument("--delimiter", metavar="C", default=",", help="of CSV (default: ,)")
    parser.add_argument("--force", action="store_true", help="overwrite files that are there")
    parser.epilog = (
        "exit status: 0 all was written, 2 bad usage or a file that cannot be read whole"
    )


def main(arguments: argparse.Namespace) -> int:
    """Write the tables; of a damaged log those of what stands before the damage."""
    names = expand([arguments.log])
    problem = _problem(arguments, names)
    if problem is not None:
        return _fail(*problem)
    try:
        with ExitStack() as stack:
            drafts = stack.enter_context(Drafts())
            return _export(names[0], _open(arguments, names[0], stack, drafts), drafts)
    except BrokenPipeError:
        raise
    except OSError as error:  # of what is written: what cannot be read has been said
        return _fail(f"-o {arguments.output}", error.strerror or str(error))


def _problem(arguments: argparse.Namespace, names: list[str]) -> tuple[str, str] | None:
    """Say what is wrong with the arguments: (what, why)."""
    to_pipe = arguments.output == "-"
    if len(names) != 1:
        return arguments.log, f"{len(names)} logs; export reads one"
    if len(arguments.delimiter) != 1 or arguments.delimiter in '"\r\n':
        return "--delimiter", f"expected one character, not {arguments.delimiter!r}"
    if arguments.parse_log and (arguments.format != "csv" or arguments.table or to_pipe):
        return "--parse-log", "writes two CSV files: no --format parquet, --table or -o - with it"
    if to_pipe:
        one = arguments.format == "csv" and len(set(arguments.table or ())) == 1
        return None if one else ("-o -", "takes one table as CSV: add --table train, say")
    if arguments.format == "parquet" and not has_parquet():
        return "--format parquet", MISSING
    return _in_the_way(arguments)


def _in_the_way(arguments: argparse.Namespace) -> tuple[str, str] | None:
    there = [] if arguments.force else [x for x in _targets(arguments) if x.exists()]
    return (str(there[0]), "is there already; --force overwrites it") if there else None


def _targets(arguments: argparse.Namespace) -> list[Path]:
    folder = Path(arguments.output)
    if arguments.parse_log:
        return [folder / f"{_base(arguments.log)}.{table}" for table in ("train", "test")]
    return [folder / f"{table}.{arguments.format}" for table in arguments.table or TABLES]


def _base(log: str) -> str:
    return "stdin" if log == "-" else os.path.basename(log)


def _open(arguments: argparse.Namespace, name: str, stack: ExitStack, drafts: Drafts) -> Export:
    tables, delimiter = list(dict.fromkeys(arguments.table or TABLES)), arguments.delimiter
    folder = Path(arguments.output)
    if arguments.output == "-":
        return TableExport(tables, lambda _, names: CsvFile(sys.stdout, names, delimiter), stack)
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.parse_log:
        return ParseLogExport(open_parse_log(drafts, folder, _base(name), delimiter))
    if arguments.format == "parquet":
        return TableExport(tables, open_parquet(drafts, folder), stack)
    return TableExport(tables, open_csv(drafts, folder, delimiter), stack)


def _export(name: str, export: Export, drafts: Drafts) -> int:
    reader = TableReader(Monitor(reference=as_if_utc(_modified(name)), keep=_KEPT))
    errors: list[Exception] = []
    with Progress([name]) as progress:
        for data in _pieces(name, progress, errors):
            export.add(reader.feed(data))
    if errors:
        more = "; written is what stands before" if reader.monitor.bytes else ""
        _fail(name, f"{getattr(errors[0], 'strerror', None) or errors[0]}{more}")
    if errors and not reader.monitor.bytes:
        return 2
    export.add(reader.close())
    lengths = export.close()
    drafts.keep()
    for table, length in lengths.items():
        print(f"{table}: {length} rows", file=sys.stderr)
    return 2 if errors else 0


def _pieces(name: str, progress: Progress, errors: list[Exception]) -> Iterator[bytes]:
    """Read a log to its end; what stands against that goes to ``errors``, unlike errors of ours."""
    try:
        with open_log(name) as stream:
            for data in chunks(stream):
                yield data
                progress.advance(stream)
    except DAMAGED as error:
        errors.append(error)


def _fail(what: str, why: str) -> int:
    print(f"caffewatch export: {plain(what)}: {why}", file=sys.stderr)
    return 2


def _modified(name: str) -> float:
    """Return when a log was last written: the year of stamps that have none."""
    try:
        return Path(name).stat().st_mtime
    except OSError:
        return time.time()
