"""``caffewatch check LOG…``: a verdict over finished or growing logs."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

from caffewatch.cli.progress import Progress
from caffewatch.log.localtime import as_if_utc
from caffewatch.monitor import Monitor
from caffewatch.report import as_json, as_text
from caffewatch.report.reading import DAMAGED, chunks, expand, open_log


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "logs",
        nargs="+",
        metavar="LOG",
        help="file (.gz, .bz2 and .xz too), glob, folder, or - for standard input",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("-o", "--output", metavar="PATH", help="write the report to this file")
    parser.epilog = (
        "exit status: 0 nothing to tell, 1 a warning or worse was found, "
        "2 bad usage or an unreadable file"
    )


def main(arguments: argparse.Namespace) -> int:
    """Judge every log; what cannot be read is said, and the others are judged all the same."""
    loud = failed = False
    reports: list[dict[str, Any]] = []
    names = expand(arguments.logs)
    with _output(arguments.output) as out, Progress(names) as progress:
        console = Console(file=out, highlight=False, soft_wrap=True)
        for name in names:
            monitor = _read(name, progress)
            if monitor is None:
                failed = True
                continue
            loud = loud or any(f.loud for record in monitor.runs for f in record.findings)
            if arguments.format == "json":
                reports.append(as_json.report(name, monitor))
            else:
                progress.pause()
                for line in as_text.report(name, monitor, _age(name)):
                    console.print(line)
        if arguments.format == "json":
            json.dump(reports, out, indent=1, allow_nan=False)
            out.write("\n")
    return 2 if failed else int(loud)


def _read(name: str, progress: Progress) -> Monitor | None:
    monitor = Monitor(reference=as_if_utc(_modified(name)))
    try:
        with open_log(name) as stream:
            for data in chunks(stream):
                monitor.feed(data, 0.0)
                progress.advance(stream)
    except DAMAGED as error:
        reason = getattr(error, "strerror", None) or error
        print(f"caffewatch check: {name}: {reason}", file=sys.stderr)
        return None
    monitor.close(0.0)
    return monitor


def _modified(name: str) -> float:
    """Return when a log was last written: the year of stamps that have none."""
    try:
        return Path(name).stat().st_mtime
    except OSError:
        return time.time()


def _age(name: str) -> float | None:
    return None if name == "-" else time.time() - _modified(name)


@contextmanager
def _output(path: str | None) -> Iterator[TextIO]:
    """Open where the report goes; a file appears whole or not at all."""
    if path is None:
        yield sys.stdout
        return
    draft = Path(f"{path}.{os.getpid()}.tmp")
    try:
        with draft.open("w", encoding="utf-8") as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
