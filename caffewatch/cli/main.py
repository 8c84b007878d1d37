"""The command line: ``caffewatch COMMAND …``."""

from __future__ import annotations

import argparse
import atexit
import gc
import importlib
import io
import os
import sys
from collections.abc import Container, Iterable, Sequence

from caffewatch.cli.interruption import INTERRUPTED

COMMANDS = {
    "run": "follow logs as the configuration says: the daemon",
    "check": "judge finished or growing logs",
    "export": "write a log's tables as CSV or Parquet",
    "watch": "follow logs in a terminal, without a configuration",
    "explain": "read one debug_info block aloud, as an expert would",
    "config": "check a configuration file, or print an example or a schema",
    "notify-test": "send a marked test to the receivers, and say what came back",
    "dead-letters": "show notifications that were given up on, or have them tried again",
    "completion": "print what makes bash, zsh or fish complete these commands",
    "demo": "replay a real log through the whole daemon, and show the alert arrive",
}
"""Command -> what it does; each is a module of this package with ``add`` and ``main``."""

OK, FOUND, USAGE = 0, 1, 2
GARBAGE = (50_000, 20, 50)
"""How many objects are made until they are looked through. Nearly all that a start or a log makes
lives on: every 700 objects, as is usual, finds nothing, and takes a tenth of the start."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    gc.set_threshold(*GARBAGE)
    atexit.register(gc.freeze)  # nor at the end, when all of it goes with the process
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a narrow terminal shows ? for a sparkline
    try:
        given = next((word for word in argv if not word.startswith("-")), "")
        # Behind a command nobody is shown the others, neither by --help nor by an error.
        listed = [given] if given in COMMANDS and argv[0] == given else COMMANDS
        arguments = build_parser({given}, listed).parse_args(argv)
        return _finish(int(arguments.main(arguments)))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has had enough; the interpreter must not complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _finish(code: int) -> int:
    sys.stdout.flush()
    return code


def build_parser(
    loaded: Container[str], listed: Iterable[str] = COMMANDS
) -> argparse.ArgumentParser:
    """Build the parser of the commands ``listed``.

    Only those that are to be ``loaded`` are imported, and know their arguments.
    """
    parser = argparse.ArgumentParser(
        prog="caffewatch",
        description="Watches Caffe training logs; tells what broke, where, and what to do.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in listed:
        summary = COMMANDS[name]
        command = commands.add_parser(name, help=summary, description=f"{summary}.".capitalize())
        if name in loaded:
            module = importlib.import_module(f"caffewatch.cli.{name.replace('-', '_')}")
            module.add(command)
            command.set_defaults(main=module.main)
    return parser


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from caffewatch.version import VERSION  # noqa: PLC0415 - reading metadata takes time

        print(f"caffewatch {VERSION}")
        parser.exit()
