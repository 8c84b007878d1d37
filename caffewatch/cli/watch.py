"""``caffewatch watch LOG...``: logs in a terminal, as they grow."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from caffewatch.cli import watch_view
from caffewatch.detect.finding import Finding
from caffewatch.log.events import Iteration
from caffewatch.report.plain import plain
from caffewatch.report.reading import expand
from caffewatch.service.clock import Steady
from caffewatch.service.following import FollowedFile
from caffewatch.service.piped import Piped
from caffewatch.tail.wakeups import Wakeups

_POLL, _REST = 0.25, 0.05
"""Seconds between two looks without a file event, and with one upon the other."""
_KEPT = 100
"""Findings that are shown once more at the end."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "logs", nargs="+", metavar="LOG", help="file, glob, folder, or - for standard input"
    )
    parser.add_argument(
        "--exit-on-end", action="store_true",
        help="end when every log says that training has: 0 nothing loud, 1 something loud, "
        "2 a log cannot be read",
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
        self._console = Console(highlight=False)
        self._exit_on_end = exit_on_end
        self._live: Live | None = None
        self._found: deque[Text] = deque(maxlen=_KEPT)
        self._woken = threading.Event()
        self._wakeups = Wakeups(lambda _: self._woken.set())
        now = time.time()
        self._steady = Steady(now)
        self._sources: dict[str, FollowedFile | Piped] = {
            name: Piped(sys.stdin.fileno(), now) if name == "-" else FollowedFile(name)
            for name in names
        }

    def run(self) -> int:
        self._wakeups.start()
        with ExitStack() as stack:
            if self._console.is_terminal and not self._console.is_dumb_terminal:
                # The alternate screen: a resize leaves no piece of an old table behind.
                stack.callback(self._show_last)
                live = Live(console=self._console, auto_refresh=False, screen=True)
                self._live = stack.enter_context(live)
                # Or tmux keeps a piece of it after resizes.
                stack.callback(self._console.clear)
            while True:
                self._look()
                if any(source.more for source in self._sources.values()):
                    continue
                if all(map(self._has_ended, self._sources.values())):
                    return self._code()
                self._woken.wait(_POLL)
                self._woken.clear()
                time.sleep(_REST)

    def close(self) -> None:
        self._wakeups.stop()
        for source in self._sources.values():
            source.close()

    def _look(self) -> None:
        for name, source in self._sources.items():
            if isinstance(source, FollowedFile):
                self._wakeups.follow(name)
            for shown in self._lines(name, source):
                self._print(shown)
        if self._live is not None:
            drawn = watch_view.screen(self._found, self._rows(), self._console)
            self._live.update(drawn, refresh=True)

    def _rows(self) -> list[watch_view.Row]:
        return [(name, x.monitor, x.problem) for name, x in self._sources.items()]

    def _show_last(self) -> None:
        """Leave on the terminal what the alternate screen had."""
        for line in self._found:
            self._console.print(line, soft_wrap=True)
        self._console.print(watch_view.table(self._rows(), self._console.width))

    def _lines(self, name: str, source: FollowedFile | Piped) -> Iterator[RenderableType]:
        for seen in source.look(time.time(), self._steady()):
            if isinstance(seen, Finding) and seen.loud:
                line = watch_view.finding_line(name, seen)
                self._found.append(line)
                yield line
            elif isinstance(seen, Iteration) and source.monitor is not None:
                yield watch_view.display_line(name, source.monitor.runs[-1].run)

    def _print(self, shown: RenderableType) -> None:
        if self._live is not None:
            return
        with self._console.capture() as captured:  # rich ends a closed pipe with 1
            self._console.print(shown, markup=False, soft_wrap=True)
        sys.stdout.write(captured.get())
        sys.stdout.flush()

    def _has_ended(self, source: FollowedFile | Piped) -> bool:
        if isinstance(source, Piped) and source.over:
            return True
        if self._exit_on_end and source.unreadable:
            return True
        monitor = source.monitor
        if not self._exit_on_end or monitor is None or not monitor.runs:
            return False
        return monitor.runs[-1].run.outcome != "unfinished"

    def _code(self) -> int:
        """Return the exit status of `check`, having said what cannot be read."""
        unreadable = [x.problem for x in self._sources.values() if x.unreadable]
        for problem in unreadable:
            print(f"caffewatch watch: {plain(problem or '')}", file=sys.stderr)
        return 2 if unreadable else int(any(map(_is_loud, self._sources.values())))


def _is_loud(source: FollowedFile | Piped) -> bool:
    records = source.monitor.runs if source.monitor is not None else ()
    return any(finding.loud for record in records for finding in record.findings)
