"""``caffewatch watch LOG...``: logs in a terminal, as they grow."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

from rich.console import Console, RenderableType
from rich.live import Live

from caffewatch.cli import watch_view
from caffewatch.detect.finding import Finding
from caffewatch.log.events import Iteration
from caffewatch.report.reading import expand
from caffewatch.service.following import FollowedFile
from caffewatch.service.piped import Piped

_POLL = 0.25


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "logs", nargs="+", metavar="LOG", help="file, glob, folder, or - for standard input"
    )
    parser.add_argument(
        "--exit-on-end", action="store_true",
        help="end when every log says that training has: 0 nothing loud, 1 something loud",
    )  # fmt: skip
    parser.epilog = "a table on a terminal; elsewhere a line for each display and each finding"


def main(arguments: argparse.Namespace) -> int:
    """Watch until Ctrl-C, or until all that is read by a pipe or asked for has ended."""
    watch = _Watch(expand(arguments.logs), arguments.exit_on_end)
    try:
        return watch.run()
    finally:
        watch.close()


class _Watch:
    def __init__(self, names: list[str], exit_on_end: bool) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._exit_on_end = exit_on_end
        self._live: Live | None = None
        self._sources: dict[str, FollowedFile | Piped] = {
            name: Piped(sys.stdin.fileno(), time.time()) if name == "-" else FollowedFile(name)
            for name in names
        }

    def run(self) -> int:
        with ExitStack() as stack:
            if self._console.is_terminal:
                live = Live(console=self._console, auto_refresh=False, transient=False)
                self._live = stack.enter_context(live)
            while True:
                self._look()
                if any(source.more for source in self._sources.values()):
                    continue
                if all(map(self._has_ended, self._sources.values())):
                    return int(any(map(_is_loud, self._sources.values())))
                time.sleep(_POLL)

    def close(self) -> None:
        for source in self._sources.values():
            source.close()

    def _look(self) -> None:
        for name, source in self._sources.items():
            for shown in self._lines(name, source):
                self._print(shown)
        if self._live is not None:
            rows = [(name, x.monitor, x.problem) for name, x in self._sources.items()]
            self._live.update(watch_view.table(rows), refresh=True)

    def _lines(self, name: str, source: FollowedFile | Piped) -> Iterator[RenderableType]:
        for seen in source.look(time.time()):
            if isinstance(seen, Finding) and seen.loud:
                yield watch_view.finding_line(name, seen)
            elif isinstance(seen, Iteration) and self._live is None and source.monitor is not None:
                yield watch_view.display_line(name, source.monitor.runs[-1].run)

    def _print(self, shown: RenderableType) -> None:
        if self._live is not None:
            self._console.print(shown, markup=False)
            return
        with self._console.capture() as captured:  # rich ends a closed pipe with 1
            self._console.print(shown, markup=False)
        sys.stdout.write(captured.get())
        sys.stdout.flush()

    def _has_ended(self, source: FollowedFile | Piped) -> bool:
        if isinstance(source, Piped) and source.over:
            return True
        monitor = source.monitor
        if not self._exit_on_end or monitor is None or not monitor.runs:
            return False
        return monitor.runs[-1].run.outcome != "unfinished"


def _is_loud(source: FollowedFile | Piped) -> bool:
    records = source.monitor.runs if source.monitor is not None else ()
    return any(finding.loud for record in records for finding in record.findings)
