"""``caffewatch explain LOG``: one debug_info block in words."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from caffewatch.cli import printing
from caffewatch.cli.progress import Progress
from caffewatch.log.localtime import as_if_utc
from caffewatch.report import explain_json, explain_text
from caffewatch.report.explain import Explanation, explain
from caffewatch.report.explain_block import BlockReader
from caffewatch.report.plain import plain
from caffewatch.report.reading import DAMAGED, chunks, expand, open_log

_HOW = (
    "put debug_info: true into the solver's prototxt, and a display above 0; Caffe then prints a "
    "block every so many iterations"
)


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "log", metavar="LOG", help="file (.gz, .bz2 and .xz too), or - for standard input"
    )
    parser.add_argument(
        "--iteration",
        type=_iteration,
        metavar="N",
        help="the block of this iteration, or the nearest to it; without it the one in which the "
        "first finding began, or else the last one",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.epilog = (
        "exit status: 0 a block was explained, 2 bad usage, an unreadable or damaged file, or no "
        "such block"
    )


def main(arguments: argparse.Namespace) -> int:
    """Choose a block and explain it."""
    names = expand([arguments.log])
    if len(names) != 1:
        return _fail(arguments.log, f"{len(names)} logs; explain reads one")
    reader = BlockReader(arguments.iteration, as_if_utc(_modified(names[0])))
    damage = None
    try:
        with Progress(names) as progress, open_log(names[0]) as stream:
            for data in chunks(stream):
                reader.feed(data)
                progress.advance(stream)
    except DAMAGED as error:
        damage = getattr(error, "strerror", None) or str(error)
    picture = reader.close()
    if picture is None:
        return _fail(names[0], damage or _missing(reader))
    show = _print_json if arguments.format == "json" else _print_text
    show(names[0], explain(picture))
    return 0 if damage is None else _fail(names[0], f"{damage}; explained from what could be read")


def _missing(reader: BlockReader) -> str:
    if reader.run is None:
        return "no Caffe training log"
    if reader.blocks:
        return "no block has an iteration, since no Iteration line follows; leave out --iteration"
    return f"no debug_info block of the training net: {_HOW}"


def _print_json(name: str, explanation: Explanation) -> None:
    json.dump(explain_json.report(name, explanation), sys.stdout, indent=1, allow_nan=False)
    sys.stdout.write("\n")


def _print_text(name: str, explanation: Explanation) -> None:
    printing.write(explain_text.report(name, explanation), sys.stdout)


def _iteration(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no iteration: a whole number from 0 on")
    return int(text)


def _fail(what: str, reason: str) -> int:
    print(f"caffewatch explain: {plain(what)}: {reason}", file=sys.stderr)
    return 2


def _modified(name: str) -> float:
    """Return when a log was last written: the year of stamps that have none."""
    try:
        return Path(name).stat().st_mtime
    except OSError:
        return time.time()
