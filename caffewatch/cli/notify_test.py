"""``caffewatch notify-test --config FILE [--receiver NAME]``: see whether messages arrive."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from caffewatch.config import ConfigError, Settings, load
from caffewatch.config.messages import nearest
from caffewatch.deliver.outcome import Delivered, Outcome, Rejected
from caffewatch.deliver.receiver import ReceiverSettings
from caffewatch.deliver.registry import make_receiver
from caffewatch.deliver.trial import trial
from caffewatch.report.plain import plain

_OK, _FAILED, _USAGE = 0, 1, 2


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--config", metavar="FILE", required=True, help="the configuration (YAML)")
    parser.add_argument(
        "--receiver", metavar="NAME", action="append", help="only this one; may be given again"
    )
    parser.epilog = "exit code 0: all delivered, 1: some not, 2: bad usage or configuration"


def main(arguments: argparse.Namespace) -> int:
    """Send a test to each receiver, and say what came of it."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    try:
        settings = load(Path(arguments.config), os.environ)
        chosen = _chosen(settings, arguments.receiver)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return _USAGE
    except ValueError as error:
        print(f"caffewatch notify-test: {error}", file=sys.stderr)
        return _USAGE
    failed = False
    for receiver in chosen:
        outcome = _try(receiver, settings)
        print(f"{receiver.name} ({receiver.type}): {plain(_in_words(outcome))}", flush=True)
        failed = failed or not isinstance(outcome, Delivered)
    return _FAILED if failed else _OK


def _chosen(settings: Settings, names: Sequence[str] | None) -> list[ReceiverSettings]:
    known = {receiver.name: receiver for receiver in settings.receivers}
    if not known:
        raise ValueError("the configuration has no receivers")
    for name in names or ():
        if name not in known:
            raise ValueError(f"no receiver has the name {name!r}{nearest(name, known)}")
    return [known[name] for name in names or known]


def _try(settings: ReceiverSettings, whole: Settings) -> Outcome:
    """Send as the daemon would, past ``min_severity`` and ``matchers``."""
    receiver = make_receiver(settings, whole.site)
    now = time.time()
    try:
        return receiver.send(trial(settings.name, whole.host, now), now)
    finally:
        receiver.close()


def _in_words(outcome: Outcome) -> str:
    if isinstance(outcome, Delivered):
        return "delivered"
    then = "given up" if isinstance(outcome, Rejected) else "tried again"
    return f"not delivered: {outcome.reason} (an alert would be {then})"
