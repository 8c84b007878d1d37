"""Throughput of ``caffewatch check`` beside mtail, ``grep -c`` and ``wc -l``, on the same logs.

Everything is a whole process, start and end included, and counts its processor time (user and
system): machines are shared. In each round all of them run, one after the other; figures are
medians over the rounds. ``core`` is caffewatch without start and report: reading, parsing, all
rules, history and alerts, in this process.

usage: bench_throughput.py [--lines N] [--rounds N] [--write docs/performance.md]
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

import training_logs
from bench_check import whole_way
from caffewatch.cli.main import GARBAGE

HERE = Path(__file__).parent
BEGIN, END = "<!-- throughput: begin -->", "<!-- throughput: end -->"
_ENVIRONMENT = dict(os.environ)
_ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # installed programs are compiled
_ONE_CORE = {"GOMAXPROCS": "1"}
"""mtail's garbage collector takes more processor time when it may use more cores."""
ON_ALL = "mtail, all cores"

Rates = dict[str, dict[str, float]]
"""Kind of log -> what ran -> lines a second."""


def commands() -> dict[str, list[str]]:
    """Return what runs beside each other, without the log's name; mtail only where there is one."""
    found = {
        "check": [sys.executable, "-m", "caffewatch", "check"],
        "grep -c": ["grep", "-c", "Iteration"],
        "wc -l": ["wc", "-l"],
    }
    if shutil.which("mtail"):
        progs = str(HERE / "caffe.mtail")
        found["mtail"] = found[ON_ALL] = ["mtail", "--one_shot", "--progs", progs, "--logs"]
    return found


def processor_time(command: list[str], one_core: bool = True) -> float:
    """Run a command to its end; return the seconds of processor time that it took."""
    environment = {**_ENVIRONMENT, **(_ONE_CORE if one_core else {})}
    before = getrusage(RUSAGE_CHILDREN)
    done = subprocess.run(command, check=False, capture_output=True, env=environment)
    after = getrusage(RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):  # 1: check found something, grep found nothing
        raise RuntimeError(f"{command[0]} failed: {done.stderr.decode(errors='replace')[-500:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(log: Path, lines: int, rounds: int) -> dict[str, float]:
    """Return lines a second of everything, on one log."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        begin = time.process_time()
        whole_way(log)
        seconds["core"].append(time.process_time() - begin)
        for name, command in commands().items():
            seconds[name].append(processor_time([*command, str(log)], name != ON_ALL))
    return {name: lines / max(median(each), 1e-3) for name, each in seconds.items()}


def table(rates: Rates) -> str:
    """Lay the rates out as a Markdown table, in million lines a second, with ratios to mtail."""
    names = ["core", "check", "mtail", ON_ALL, "grep -c", "wc -l"]
    names = [x for x in names if all(x in row for row in rates.values())]
    header = ["log", *(x if x in ("core", ON_ALL) else f"`{x}`" for x in names)]
    compared = "mtail" in names
    if compared:
        header += ["core / mtail", "check / mtail", "on all cores"]
    rows = [header, ["---"] * len(header)]
    for kind, row in rates.items():
        cells = [training_logs.WORDS[kind], *(f"{row[x] / 1e6:.2f}" for x in names)]
        if compared:
            cells += [f"{row[x] / row['mtail']:.1f}" for x in ("core", "check")]
            cells.append(f"{row['check'] / row[ON_ALL]:.1f}")
        rows.append(cells)
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def write_into(page: Path, text: str) -> None:
    """Replace what stands between the page's two marks."""
    before, found, rest = page.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    if not found or not after:
        raise ValueError(f"{page} has no {BEGIN} … {END}")
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")


def main() -> None:
    """Measure, print, and write into a page what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lines", type=int, default=500_000, help="of each log (500,000)")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median counts (5)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table into this page")
    wanted = parser.parse_args()
    rates: Rates = {}
    gc.set_threshold(*GARBAGE)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "train.log"
        for kind in training_logs.SOURCES:
            lines = training_logs.write(kind, wanted.lines, log)
            rates[kind] = measure(log, lines, wanted.rounds)
    text = table(rates)
    print(f"million lines a second of processor time, median of {wanted.rounds}")
    print(text)
    if "mtail" not in commands():
        print("mtail is not installed (apt-get install mtail): no ratios")
    if wanted.write is not None:
        write_into(wanted.write, text)


if __name__ == "__main__":
    main()
