"""Write what ``caffewatch completion`` prints from the commands' own parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import shtab

from caffewatch.cli.completion import SHELLS, script
from caffewatch.cli.main import COMMANDS, build_parser

_COMPLETED = {"FILE": shtab.FILE, "LOG": shtab.FILE, "PATH": shtab.FILE, "DIR": shtab.DIRECTORY}
"""Metavar -> what a shell offers in its place."""


def completion(shell: str) -> str:
    """Return the completion of all commands for a shell."""
    parser = build_parser(COMMANDS)
    for action in _actions(parser):
        if isinstance(action.metavar, str) and action.metavar in _COMPLETED:
            action.complete = _COMPLETED[action.metavar]  # type: ignore[attr-defined]  # shtab's
    return str(shtab.complete(parser, shell)).rstrip() + "\n"


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            choices: dict[str, Any] = action.choices
            for inner in choices.values():
                yield from _actions(inner)


def main() -> None:
    """Write all of them."""
    for shell in SHELLS:
        script(shell).write_text(completion(shell), encoding="utf-8")


if __name__ == "__main__":
    main()
