"""Time must grow with the length of a log and no faster, and memory not at all.

``caffewatch check`` as a process of its own, on logs of the small net with debug_info.

usage: bench_growth.py [--millions 1 10 100]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import training_logs


def check(log: Path) -> tuple[float, float]:
    """Judge a log; return the seconds of processor time, and the peak memory in MB."""
    command = [sys.executable, "-m", "caffewatch", "check", str(log)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, nargs="+", default=[1, 10], metavar="N")
    wanted = parser.parse_args()
    print("million lines | seconds | million lines/s | peak memory")
    for millions in wanted.millions:
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "train.log"
            lines = training_logs.write("small", int(millions * 1e6), log)
            seconds, memory = check(log)
        speed = lines / seconds / 1e6
        print(f"{lines / 1e6:13.1f} | {seconds:7.1f} | {speed:15.2f} | {memory:.0f} MB")


if __name__ == "__main__":
    main()
