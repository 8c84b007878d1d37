"""What one more log costs a process: memory of its monitor, and processor time of its lines.

Monitors as the daemon holds them, curves included, each fed with the same log piece by piece; what
a log costs is the growth from one monitor to the next, in resident memory.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import training_logs
from caffewatch.monitor import Monitor

LINES, LOGS = 200_000, 8
KINDS = ("small", "large", "quiet")
_PIECE = 1 << 16


def resident() -> float:
    """Return this process's resident memory in MB."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def fed(data: bytes) -> Monitor:
    """Return a monitor that has read a log."""
    monitor = Monitor(reference=0.0)
    for start in range(0, len(data), _PIECE):
        monitor.feed(data[start : start + _PIECE], 0.0)
    return monitor


def main() -> None:
    """Measure and print, a kind of log to a process."""
    kind = sys.argv[1]
    data = b"".join(training_logs.pieces(kind, LINES))
    monitors = [fed(data)]
    before, begin = resident(), time.process_time()
    monitors += [fed(data) for _ in range(LOGS)]
    seconds, grown = time.process_time() - begin, resident() - before
    lines = LOGS * data.count(b"\n")
    print(
        f"{training_logs.WORDS[kind]:32} {grown / LOGS:5.2f} MB a log,"
        f" {1e6 * seconds / lines:5.2f} microseconds a line"
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main()
    else:
        import subprocess

        for each in KINDS:
            subprocess.run([sys.executable, __file__, each], check=True)
