"""``caffewatch dead-letters list|retry --config FILE``: notifications that were given up on."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from caffewatch.config import ConfigError, Settings, load
from caffewatch.deliver.secret import redact
from caffewatch.deliver.view import view
from caffewatch.deliver.wording import Wording, write
from caffewatch.report.plain import plain
from caffewatch.store.errors import StoreError
from caffewatch.store.file import FILE_NAME
from caffewatch.store.outbox import DeadLetter
from caffewatch.store.store import Store

_OK, _FAILED, _USAGE = 0, 1, 2


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    shown = actions.add_parser("list", help="show them: which, for whom, when and why")
    again = actions.add_parser("retry", help="have the daemon try them again")
    for action in (shown, again):
        action.add_argument("--config", metavar="FILE", required=True)
    again.add_argument("ids", metavar="ID", nargs="*", help="as shown by list")
    again.add_argument("--all", action="store_true", help="all of them")
    shown.set_defaults(action=_list)
    again.set_defaults(action=_retry)
    parser.epilog = "works while the daemon runs, which takes up a letter within seconds"


def main(arguments: argparse.Namespace) -> int:
    """Run the action over the state of the configured daemon."""
    try:
        settings = load(Path(arguments.config), os.environ)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return _USAGE
    if not (settings.state_dir / FILE_NAME).exists():
        print(f"{settings.state_dir}: no state as yet, so no dead letters", file=sys.stderr)
        return _FAILED if getattr(arguments, "ids", None) else _OK
    try:
        with Store(settings.state_dir, exclusive=False) as store:
            return int(arguments.action(arguments, settings, store))
    except StoreError as error:
        print(f"caffewatch dead-letters: {error}", file=sys.stderr)
        return _USAGE


def _list(arguments: argparse.Namespace, settings: Settings, store: Store) -> int:
    for letter in store.outbox.dead_letters():
        for line in described(letter, settings):
            print(line)
    return _OK


def _retry(arguments: argparse.Namespace, settings: Settings, store: Store) -> int:
    if bool(arguments.ids) == arguments.all:
        print("caffewatch dead-letters retry: expected IDs, or --all", file=sys.stderr)
        return _USAGE
    letters = [letter.notification for letter in store.outbox.dead_letters()]
    receivers = {letter.id: letter.receiver for letter in letters}
    known = {receiver.name for receiver in settings.receivers}
    failed = False
    for id in receivers if arguments.all else arguments.ids:
        problem = _problem(receivers.get(id), known)
        if problem is None and store.outbox.revive(id):
            print(f"{id}: will be tried again")
        else:
            failed = True
            print(f"{plain(id)}: {problem or 'no such dead letter'}", file=sys.stderr)
    return _FAILED if failed else _OK


def _problem(receiver: str | None, known: Iterable[str]) -> str | None:
    if receiver is None:
        return "no such dead letter"
    if receiver not in known:
        return f"its receiver {receiver!r} is no more in the configuration"
    return None


def described(letter: DeadLetter, settings: Settings) -> list[str]:
    """Say in lines what a letter held and why it was given up; without secrets or controls."""
    notification = letter.notification
    secrets = [x for receiver in settings.receivers for x in receiver.secrets()]
    title = write(Wording(), view(notification, settings.site)).title
    when = settings.site.moment(letter.died_at)
    lines = [
        f"{notification.id}  {notification.receiver}  {when}",
        f"  why:  {letter.reason}",
        f"  what: {title}",
        f"  log:  {notification.alerts[0].labels.get('log', '')}",
    ]
    return [plain(redact(line, secrets)) for line in lines]
