"""``caffewatch demo [LOG]``: a real log through the whole daemon, with a receiver that shows."""

from __future__ import annotations

import argparse
import logging
import math
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType

from rich.console import Console

from caffewatch.config import Settings
from caffewatch.config.settings import Job, Tail, Web
from caffewatch.config.types import Address
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.webhook import WebhookSettings
from caffewatch.demo.player import Player, bundled_log
from caffewatch.demo.receiver import Receiver
from caffewatch.detect.settings import RuleSettings
from caffewatch.report.reading import DAMAGED, is_compressed
from caffewatch.service.daemon import Daemon

_LONGEST = 86400
_PATIENCE = 30.0
"""Seconds that the last alerts get to arrive before ``--exit-on-end`` ends all."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "log",
        nargs="?",
        metavar="LOG",
        type=Path,
        help="your own log, followed where it lies; without it a bundled log is played",
    )
    parser.add_argument(
        "--seconds", type=seconds, default=8.0, help="how long a played log takes (default: 8)"
    )
    parser.add_argument(
        "--exit-on-end", action="store_true", help="end when a played log is over, not at Ctrl-C"
    )


def main(arguments: argparse.Namespace) -> int:
    """Run the daemon on the log until Ctrl-C."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    # The loop logs every alert, and here the receiver shows them.
    logging.getLogger("caffewatch.service.loop").setLevel(logging.ERROR)
    log: Path | None = arguments.log
    if log is not None and not log.is_file():
        print(f"caffewatch demo: {log}: no such file", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="caffewatch-demo-") as folder:
        try:
            demo = _Demo(Path(folder), log, arguments.seconds, arguments.exit_on_end)
        except DAMAGED as error:
            print(f"caffewatch demo: {log}: {error}", file=sys.stderr)
            return 2
        return demo.run()


def seconds(text: str) -> float:
    """Parse a number of seconds.

    Raises
    ------
    ValueError, argparse.ArgumentTypeError
        It is no number, or none that a play can take.
    """
    value = float(text)
    if not 0 <= value <= _LONGEST:
        raise argparse.ArgumentTypeError(f"expected 0 to {_LONGEST} seconds, not {text}")
    return value


class _Demo:
    def __init__(self, folder: Path, log: Path | None, seconds: float, exit_on_end: bool) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._player: Player | None = None
        followed = folder / "train.log" if log is None else log.absolute()
        if log is None or is_compressed(log):
            followed = folder / "train.log"
            self._player = Player(log or bundled_log(), followed, seconds)
        self._log = followed
        self._receiver = Receiver(self._console.print)
        self._name = str(log or "a bundled log: a real run that learns, explodes and turns nan")
        self._daemon = Daemon(_settings(folder / "state", followed, self._receiver.url))
        self._exit_on_end = exit_on_end

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._receiver.start()
        self._console.print(f"Following {self._name}", markup=False)
        self._console.print(f"Page:     {self._daemon.url}", markup=False)
        self._console.print(f"Metrics:  {self._daemon.url}metrics", markup=False)
        self._console.print(f"Receiver: {self._receiver.url} (alerts appear below)", markup=False)
        if self._player is not None:
            self._player.start()
            threading.Thread(target=self._after_play, args=(self._player,), daemon=True).start()
        try:
            self._daemon.start()
            self._daemon.run()
        finally:
            if self._player is not None:
                self._player.stop()
            self._daemon.close()
            self._receiver.stop()
        return 0

    def _after_play(self, player: Player) -> None:
        player.join()
        if self._exit_on_end:
            self._await_delivery(time.monotonic() + _PATIENCE)
            self._daemon.stop()
            return
        self._console.print("\nThe log is over; still serving. Ctrl-C ends.", markup=False)

    def _await_delivery(self, deadline: float) -> None:
        size = self._log.stat().st_size
        while time.monotonic() < deadline:
            stats = self._daemon.stats()
            read = sum(x.bytes for x in stats.logs)
            if read >= size and not any(stats.queue_lengths.values()):
                return
            time.sleep(0.05)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._daemon.stop()


def _settings(state: Path, log: Path, receiver: str) -> Settings:
    rules = RuleSettings()
    return Settings(
        host="demo",
        jobs=(Job("demo", str(log), rules, ("screen",)),),
        receivers=(WebhookSettings(name="screen", url=Secret(receiver)),),
        state_dir=state,
        web=Web(Address("127.0.0.1", 0)),
        tail=Tail(poll_interval=0.25),
        ignore_older=math.inf,
    )
