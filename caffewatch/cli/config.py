"""``caffewatch config check FILE``, ``config example`` and ``config schema``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from caffewatch.config import ConfigError, example, json_schema, load


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    check = actions.add_parser("check", help="say all that is wrong with a file, and where")
    check.add_argument("file", metavar="FILE")
    check.set_defaults(action=_check)
    shown = actions.add_parser("example", help="print a commented example")
    shown.set_defaults(action=_example)
    schema = actions.add_parser("schema", help="print JSON Schema, by which editors complete")
    schema.set_defaults(action=_schema)


def main(arguments: argparse.Namespace) -> int:
    """Run the action."""
    return int(arguments.action(arguments))


def _check(arguments: argparse.Namespace) -> int:
    try:
        settings = load(Path(arguments.file), os.environ)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    jobs, receivers = len(settings.jobs), len(settings.receivers)
    print(f"{arguments.file}: good; jobs: {jobs}, receivers: {receivers}")
    return 0


def _example(arguments: argparse.Namespace) -> int:
    print(example(), end="")
    return 0


def _schema(arguments: argparse.Namespace) -> int:
    print(json.dumps(json_schema(), indent=2))
    return 0
