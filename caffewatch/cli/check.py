"""``caffewatch check LOG…``: a verdict over finished or growing logs."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import AbstractContextManager, suppress
from typing import TextIO

from caffewatch.cli.check_formats import FORMATS, writer
from caffewatch.cli.interruption import INTERRUPTED, Interruption
from caffewatch.cli.progress import Progress
from caffewatch.report.plain import plain
from caffewatch.report.reading import expand
from caffewatch.report.whole import read


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "logs",
        nargs="+",
        metavar="LOG",
        help="file (.gz, .bz2 and .xz too), glob, folder with all logs below it, URL (needs "
        "the extra 'dask'), or - for standard input",
    )
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument("-o", "--output", metavar="PATH", help="write the report to this file")
    _add_many(parser)
    parser.epilog = (
        "exit status: 0 nothing to tell, 1 a warning or worse was found, "
        "2 bad usage or an unreadable file, 130 interrupted: the report is of what was read by then"
    )


def main(arguments: argparse.Namespace) -> int:
    """Judge every log; what cannot be read is said, and the others are judged all the same."""
    try:
        with _Output(arguments.output) as out:
            names = expand(arguments.logs)
            if _is_for_many(arguments):
                from caffewatch.cli import check_many  # noqa: PLC0415 - one log needs no processes

                return check_many.judge_all(names, arguments, out)
            return _judge(names, arguments.format, out)
    except BrokenPipeError:
        raise
    except OSError as error:  # of the report: what cannot be read has been said
        return _fail(f"-o {arguments.output}" if arguments.output else "standard output", error)


def _judge(names: list[str], format: str, out: TextIO) -> int:
    loud = failed = False
    with Interruption() as interruption, Progress(names) as progress:
        report = writer(format, out, progress)
        for name in names:
            monitor, whole, interrupted = read(
                name, _say, interruption.held, progress.advance, curves=format == "html"
            )
            interruption.asked = interruption.asked or interrupted
            failed = failed or not whole
            if monitor is None:
                continue
            loud = loud or any(f.loud for record in monitor.runs for f in record.findings)
            report.take(name, monitor, interruption.asked)
            if interruption.asked:
                break
    report.end(interruption.asked)
    if interruption.asked:
        return INTERRUPTED
    return 2 if failed else int(loud)


def _fail(what: str, error: Exception) -> int:
    _say(what, str(getattr(error, "strerror", None) or error))
    return 2


def _say(what: str, text: str) -> None:
    print(f"caffewatch check: {plain(what)}: {text}", file=sys.stderr)


class _Output(AbstractContextManager[TextIO]):
    """Where the report goes: standard output, or a file that appears whole or not at all."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._draft: str | None = None
        self._file = sys.stdout
        if path is not None:
            # A device or pipe is written to; replacing it would take it away from others.
            if not os.path.exists(path) or os.path.isfile(path):
                self._draft = f"{path}.{os.getpid()}.tmp"
            self._file = open(  # noqa: SIM115 - until __exit__
                self._draft or path, "w", encoding="utf-8"
            )

    def __enter__(self) -> TextIO:
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._path is None:
            return
        try:
            self._file.close()
            if self._draft is not None and kind is None:
                os.replace(self._draft, self._path)
        finally:
            if self._draft is not None:
                with suppress(FileNotFoundError):
                    os.unlink(self._draft)


def _add_many(parser: argparse.ArgumentParser) -> None:
    """Declare what chooses this way of checking."""
    parser.add_argument(
        "-j",
        "--jobs",
        type=_jobs,
        default=1,
        metavar="N",
        help="judge N logs at once; 0: one on every processor",
    )
    parser.add_argument(
        "--summary",
        action="store_true",
        help="count verdicts, rules and types of layers over all logs, instead of one report each",
    )
    parser.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="judge on a Dask cluster (tcp://scheduler:8786); needs the extra 'dask'",
    )


def _jobs(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def _is_for_many(arguments: argparse.Namespace) -> bool:
    """Tell whether logs are to be judged at once, or summed up."""
    return bool(arguments.jobs != 1 or arguments.summary or arguments.dask)
