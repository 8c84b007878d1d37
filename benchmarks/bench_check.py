"""Throughput of the whole way (read, parse, all rules, alerts) beside a plain loop over the lines.

The plain loop is what a line-by-line tool has to do at the least: find the brackets and the colon,
look the words up in a dict and make a float of the rest. Speed is given as a ratio, since machines
differ and are shared; peak memory for two lengths of the same log shows that it does not grow.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from caffewatch.monitor import Monitor
from caffewatch.report.reading import chunks, open_log
from grow_log import grow

SOURCE = Path(__file__).parents[1] / "tests/data/runs/early_stop_ok.log.gz"
"""A healthy small LeNet with debug_info and tests, as most of the lines of most logs are."""
ROUNDS = 5
LINES = 600_000


def whole_way(log: Path) -> int:
    """Do what `caffewatch check` does, without the report; return the number of lines."""
    monitor = Monitor(reference=0.0)
    with open_log(str(log)) as stream:
        for data in chunks(stream):
            monitor.feed(data, 0.0)
    monitor.close(0.0)
    return monitor.parser.line


def plain_loop(log: Path) -> int:
    """Split, look up and convert every line; return the number of lines."""
    seen: dict[bytes, int] = {}
    total, lines = 0.0, 0
    with log.open("rb") as stream:
        for line in stream:
            lines += 1
            colon = line.rfind(b": ")
            words = line[line.find(b"] ") : colon]
            seen[words] = seen.get(words, 0) + 1
            try:
                total += float(line[colon + 2 :])
            except ValueError:
                continue
    return lines


def speed(run: Callable[[Path], int], log: Path) -> float:
    """Return lines per second of processor time."""
    begin = time.process_time()
    lines = run(log)
    return lines / (time.process_time() - begin)


def peak_memory(log: Path) -> float:
    """Return the peak resident memory of a process that reads the log, in MB.

    Its own figure (Linux): what getrusage gives for a child counts this process before its exec.
    """
    code = """
import bench_check, pathlib, sys
bench_check.whole_way(pathlib.Path(sys.argv[1]))
status = pathlib.Path("/proc/self/status").read_text()
print(status.split("VmHWM:")[1].split()[0])
"""
    done = subprocess.run(
        [sys.executable, "-c", code, log],
        check=True,
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
    )
    return int(done.stdout) / 1024


def main() -> None:
    """Measure and print."""
    with open_log(str(SOURCE)) as stream:
        source = stream.read()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "grown.log"
        log.write_bytes(grow(source, LINES // 10))
        short = peak_memory(log)
        log.write_bytes(grow(source, LINES))
        pairs = [(speed(whole_way, log), speed(plain_loop, log)) for _ in range(ROUNDS)]
        long = peak_memory(log)
    ours, plain = (statistics.median(x) for x in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"whole way  {ours / 1e6:.2f} million lines/s (median of {ROUNDS})")
    print(f"plain loop {plain / 1e6:.2f} million lines/s; ratio {ratio:.2f}")
    print(f"peak memory {short:.0f} MB at {LINES // 10} lines, {long:.0f} MB at {LINES} lines")


if __name__ == "__main__":
    main()
