"""``caffewatch check --summary`` over folders of logs: how much more processors help, and memory.

Seconds are of the clock here, since that is what more processors save; on a machine that others
use as well they say little. Memory is the peak of the process that merges the reports.

usage: bench_wide.py [--logs N] [--lines N]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import training_logs
from caffewatch.report.parallel import cores


def check(folder: Path, jobs: int) -> tuple[float, float]:
    """Judge a folder; return the seconds that it took, and the peak memory in MB."""
    command = [sys.executable, "-m", "caffewatch", "check", "--summary", "-j", str(jobs)]
    begin = time.monotonic()
    process = subprocess.Popen([*command, str(folder)], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.monotonic() - begin, used.ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, default=2000, help="in the larger folder (2,000)")
    parser.add_argument("--lines", type=int, default=5000, help="of each log (5,000)")
    wanted = parser.parse_args()
    data = b"".join(training_logs.pieces("small", wanted.lines))
    with tempfile.TemporaryDirectory() as name:
        for logs in (wanted.logs // 10, wanted.logs):
            folder = Path(name) / str(logs)
            for number in range(logs):
                log = folder / f"host{number % 50:02}" / f"{number:05}.log"
                log.parent.mkdir(parents=True, exist_ok=True)
                log.write_bytes(data)
            for jobs in sorted({1, cores()}):
                seconds, memory = check(folder, jobs)
                print(f"{logs:6} logs, -j {jobs}: {seconds:6.1f} s, {memory:.0f} MB")


if __name__ == "__main__":
    main()
