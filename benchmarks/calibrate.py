"""Show whether the rules' thresholds sit in a gap between healthy and faulty labelled runs.

For a rule and one of its numeric parameters, a log's statistic is the value of the parameter at
which the rule begins or ceases to fire in it, all else at its default. Where a label names layers,
the rule must name them too. A threshold is well chosen where every healthy log's value lies on one
side of it and that of every log which must show the rule on the other, both at a distance.

usage: calibrate.py LOGDIR [--rule R] [--parameter P] [--svg DIR] [--processes N]

LOGDIR holds NAME.log or NAME.log.gz, and labels.json: {NAME: {"status": "healthy", "faulty" or
"unclear" (left out), "must": [{"rule": R, "layers": [...]}]}}.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from itertools import groupby
from pathlib import Path
from typing import Any

from caffewatch.detect.registry import RULES
from caffewatch.report.reading import DAMAGED
from calibration.axis import Axis
from calibration.plot import as_svg, as_text
from calibration.replay import Statistic, Target, study
from calibration.separation import CLEAR, Dot, Separation

LEGEND = f"""\
healthy: the healthy log nearest to firing; faulty: the log that must show the rule and is nearest
to silence; both with their value of the parameter. Margins and gap in orders of magnitude (of the
odds, for shares). clear: {CLEAR:g} or more on both sides. Plot: h healthy, M must show the rule,
f faulty otherwise; a digit counts logs; ^ is the default; the numbers at the ends count the logs in
which the rule never, or always, fires between a ten-thousandth and ten thousand times the default.
"""
_HEADER = ("parameter", "default", "fires", "healthy", "margin", "faulty", "margin", "gap", "")
Row = tuple[str, ...]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, draw; return the exit status."""
    options = _options(argv)
    targets = list(select(options.rule, options.parameter))
    if not targets:
        return _fail(f"no such parameter: {options.parameter} (of {options.rule or 'any rule'})")
    try:
        statistics = measure(list(labelled(options.logdir)), targets, options.processes)
    except (*DAMAGED, ValueError) as error:
        return _fail(f"{options.logdir}: {error}")
    print(LEGEND)
    for rule, found in separate(statistics):
        print("\n".join(report(rule, found)))
        if options.svg is not None:
            draw(options.svg, rule, [one for one in found if one.moves])
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("logdir", type=Path, metavar="LOGDIR")
    parser.add_argument("--rule", choices=sorted(RULES), metavar="R", help="only this rule")
    parser.add_argument("--parameter", metavar="P", help="only parameters of this name")
    parser.add_argument("--svg", type=Path, metavar="DIR", help="draw DIR/RULE.svg for each rule")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N")
    options = parser.parse_args(argv)
    if options.processes < 1:
        parser.error(f"--processes: {options.processes} is not 1 or more")
    return options


def _fail(reason: str) -> int:
    print(f"calibrate: {reason}", file=sys.stderr)
    return 2


def select(rule: str | None, parameter: str | None) -> Iterator[Target]:
    """Yield every rule and parameter that can be calibrated, or those asked for."""
    for name in [rule] if rule else RULES:
        for entry in fields(RULES[name].Parameters):
            if parameter in (None, entry.name) and Axis.of(entry) is not None:
                yield name, entry.name


def labelled(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield each log of a folder with its label, the largest first.

    Raises
    ------
    OSError
        There is no labels.json.
    ValueError
        It is no JSON of labels, or names no log that is there.
    """
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    if not isinstance(labels, dict):
        raise ValueError("labels.json: expected an object of name: label")
    for name, label in labels.items():
        if not isinstance(label, dict) or not {"status", "must"} <= label.keys():
            raise ValueError(f"labels.json: {name}: expected an object with status and must")
    wanted = {name for name, label in labels.items() if label["status"] != "unclear"}
    paths = [path for end in ("log", "log.gz") for path in folder.glob(f"*.{end}")]
    found = [path for path in paths if _name(path) in wanted]
    if not found:
        raise ValueError("no log that labels.json names")
    for path in sorted(found, key=lambda path: (-path.stat().st_size, path)):
        yield path, labels[_name(path)]


def _name(path: Path) -> str:
    return path.name.split(".log")[0]


def measure(
    logs: Sequence[tuple[Path, dict[str, Any]]], targets: list[Target], processes: int
) -> list[Statistic]:
    """Measure all logs, each in one of so many processes."""
    jobs = (*zip(*logs, strict=True), [targets] * len(logs))
    if processes == 1:
        return _counted(map(study, *jobs), len(logs))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context) as pool:
        return _counted(pool.map(study, *jobs), len(logs))


def _counted(studies: Iterable[list[Statistic]], total: int) -> list[Statistic]:
    found: list[Statistic] = []
    for number, statistics in enumerate(studies, 1):
        found += statistics
        if sys.stderr.isatty():
            end = "\n" if number == total else ""
            print(f"\r{number} of {total} logs", end=end, file=sys.stderr, flush=True)
    return found


def separate(statistics: Iterable[Statistic]) -> Iterator[tuple[str, list[Separation]]]:
    """Yield each rule with its parameters, both in the order of the registry."""
    order = {target: number for number, target in enumerate(select(None, None))}
    ranked = sorted(statistics, key=lambda s: (order[s.rule, s.parameter], s.log))
    for rule, of_rule in groupby(ranked, key=lambda s: s.rule):
        parts = [list(part) for _, part in groupby(of_rule, key=lambda s: s.parameter)]
        yield rule, [Separation.of(part) for part in parts]


def draw(folder: Path, rule: str, found: Sequence[Separation]) -> None:
    """Write a rule's drawing, where any of its parameters decides anything."""
    if found:
        folder.mkdir(parents=True, exist_ok=True)
        drawing = as_svg(f"{rule}: {RULES[rule].title}", found)
        (folder / f"{rule}.svg").write_text(drawing, encoding="utf-8")


def report(rule: str, found: Sequence[Separation]) -> Iterator[str]:
    """Yield a rule's table, and a plot for each parameter that decides anything."""
    roles = [dot.role for dot in found[0].dots]
    yield f"{rule}: {roles.count('healthy')} healthy, {roles.count('must')} must show it"
    rows = [_HEADER, *map(_row, found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield ("  " + "  ".join(cells)).rstrip()
    for one in found:
        if one.moves:
            yield f"  {one.parameter}"
            yield from as_text(one)
    yield ""


def _row(found: Separation) -> Row:
    if not found.moves:
        return (found.parameter, f"{found.axis.default:g}", *[""] * 6, found.verdict)
    gap = found.gap
    against = f"; {found.against} the other way" if found.against else ""
    return (
        found.parameter,
        f"{found.axis.default:g}",
        "from" if found.upwards else "up to",
        _extreme(found, found.healthy),
        _margin(found.margins[0]),
        _extreme(found, found.must),
        _margin(found.margins[1]),
        "" if gap is None else _margin(gap),
        found.verdict + against,
    )


def _extreme(found: Separation, dot: Dot | None) -> str:
    """Name a role's last log before the default, and its value; no log where none is near."""
    if dot is None:
        return "no log"
    strength = found.strength(dot.at)
    if math.isfinite(strength):
        return f"{found.axis.value(dot.at):.3g} {dot.log}"
    usual = (strength > 0) == (dot.role == "must")
    word = "always" if strength > 0 else "never"
    return word if usual else f"{word} {dot.log}"


def _margin(decades: float) -> str:
    return f"{decades:+.1f}" if math.isfinite(decades) else "∞" if decades > 0 else "-∞"


if __name__ == "__main__":
    sys.exit(main())
