"""``caffewatch check`` over many logs at once, on all processors or on a cluster."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from caffewatch.cli import printing
from caffewatch.cli.interruption import INTERRUPTED, Interruption
from caffewatch.report import tally
from caffewatch.report.cluster import Cluster, ClusterError
from caffewatch.report.judging import Form, Judged
from caffewatch.report.parallel import Pool, Workers, cores, in_order
from caffewatch.report.plain import plain


def judge_all(names: list[str], arguments: argparse.Namespace, out: TextIO) -> int:
    """Judge logs in the order given, and write one report; return the exit status."""
    if arguments.format not in ("text", "json"):
        return _fail(f"--format {arguments.format} takes one log after the other: leave out -j, "
                     "--summary and --dask")  # fmt: skip
    if arguments.dask and arguments.jobs != 1:
        return _fail("-j and --dask exclude each other: a cluster has its own number of workers")
    if "-" in names:
        return _fail("standard input has no place among many logs: give a file instead of -")
    try:
        with Interruption() as interruption, _workers(arguments, len(names)) as workers:
            return _run(names, arguments, out, workers, interruption)
    except ClusterError as error:
        return _fail(str(error))


@contextmanager
def _workers(arguments: argparse.Namespace, logs: int) -> Iterator[Workers]:
    if arguments.dask:
        with Cluster(arguments.dask) as cluster:
            yield cluster
        return
    with Pool(max(1, min(arguments.jobs or cores(), logs))) as pool:
        yield pool


def _run(
    names: list[str],
    arguments: argparse.Namespace,
    out: TextIO,
    workers: Workers,
    interruption: Interruption,
) -> int:
    form: Form = "summary" if arguments.summary else arguments.format
    writer = _Writer(form, arguments.format, out)
    try:
        with interruption.held():
            results = in_order(names, form, workers, lambda: interruption.asked)
            scrolls = form != "summary" and out.isatty()
            writer.write(results if scrolls else _counted(results, len(names)))
    except KeyboardInterrupt:
        return INTERRUPTED
    return 2 if writer.failed else int(writer.loud)


def _counted(results: Iterable[Judged], total: int) -> Iterator[Judged]:
    """Show on a terminal how many logs are done."""
    if not sys.stderr.isatty():
        yield from results
        return
    from caffewatch.cli import terminal  # noqa: PLC0415 - a pipe need not wait for rich

    with terminal.counter() as bar:
        yield from bar.track(results, total=total)


def _fail(told: str) -> int:
    print(f"caffewatch check: {told}", file=sys.stderr)
    return 2


class _Writer:
    """Writes each log's report as it comes, or all of them summed up in the end."""

    def __init__(self, form: Form, format: str, out: TextIO) -> None:
        self.loud = self.failed = False
        self._form = form
        self._format = format
        self._out = out

    def write(self, results: Iterable[Judged]) -> None:
        """Write the report over all results, which are taken one by one."""
        total = tally.Tally()
        count = 0
        for done in results:
            for told in done.told:
                print(f"caffewatch check: {plain(done.name)}: {told}", file=sys.stderr)
            self.loud = self.loud or done.loud
            self.failed = self.failed or not done.whole
            total.add(done.tally)
            if self._form == "text":
                self._text(done)
            elif done.report is not None:
                text = json.dumps(done.report, indent=1, allow_nan=False).replace("\n", "\n ")
                self._out.write(f"{',' if count else '['}\n {text}")
                count += 1
        if self._form == "json":
            self._out.write("\n]\n" if count else "[]\n")
        elif self._form == "summary":
            self._sum_up(total)

    def _text(self, done: Judged) -> None:
        if done.text is not None:
            if done.interrupted:
                self._out.write(f"interrupted after {done.bytes} bytes; this is what they show\n")
            printing.write(done.text, self._out)

    def _sum_up(self, total: tally.Tally) -> None:
        if self._format == "json":
            self._out.write(json.dumps(tally.as_dict(total), indent=1) + "\n")
        else:
            printing.write(tally.as_text(total), self._out)
