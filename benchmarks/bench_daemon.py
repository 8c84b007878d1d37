"""The daemon under load: restart on a long log, many logs at once, and what each costs.

Every figure is of the real daemon as a process of its own, read from its /metrics.
"""

from __future__ import annotations

import argparse
import gzip
import json
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bench_check import SOURCE
from grow_log import grow, pieces

LINE_SIZE = 90
"""Bytes of a line, about."""
SETTLING = 160.0
"""Seconds until the state of a thousand logs is saved, a few at a time: only looking is left."""


class Daemon:
    """A daemon process over a folder of logs, with its state beside them."""

    def __init__(self, folder: Path, path: str) -> None:
        self.config = folder / "caffewatch.yaml"
        self.errors = folder / "stderr"
        settings = {
            "state_dir": str(folder / "state"),
            "web": {"listen": "127.0.0.1:0"},
            "ignore_older": "9999d",
            "jobs": [{"name": "bench", "path": path}],
        }
        self.config.write_text(json.dumps(settings))
        self.url = ""

    def start(self) -> float:
        """Start, wait until it serves; return the seconds that took."""
        begin = time.monotonic()
        command = [sys.executable, "-m", "caffewatch", "run", "--config", str(self.config)]
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(command, stderr=errors)
        while "listening on " not in (said := self.errors.read_text()):
            time.sleep(0.005)
        self.url = said.split("listening on ")[1].split()[0]
        return time.monotonic() - begin

    def total(self, name: str) -> float:
        """Sum a metric over all logs."""
        with urllib.request.urlopen(f"{self.url}metrics", timeout=60) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(x.split()[-1]) for x in lines if x.startswith(f"{name}{{"))

    def wait_for(self, name: str, value: float, timeout: float = 900, rest: float = 9) -> float:
        """Wait until a metric has reached a value; return the seconds that took."""
        begin = time.monotonic()
        while True:
            asked = time.monotonic()
            if self.total(name) >= value:
                return time.monotonic() - begin
            if time.monotonic() - begin > timeout:
                raise TimeoutError(f"{name} is not {value} after {timeout} s")
            # Scrapes are not the load.
            time.sleep(max(0.02, rest * (time.monotonic() - asked)))

    def stop(self, number: signal.Signals) -> float:
        """End it; return the seconds that took."""
        begin = time.monotonic()
        self.process.send_signal(number)
        self.process.wait()
        return time.monotonic() - begin

    def memory(self) -> float:
        """Return its resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def cpu(self) -> float:
        """Return the seconds of processor time that it has taken."""
        fields = (
            Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        )
        return (int(fields[11]) + int(fields[12])) / 100


def long_log(folder: Path, size: int) -> None:
    """Follow one log of so many bytes, then restart on it, killed and ended in order."""
    log = folder / "long.log"
    with log.open("wb") as file:
        file.writelines(pieces(gzip.decompress(SOURCE.read_bytes()), size // LINE_SIZE))
    size = log.stat().st_size
    daemon = Daemon(folder, str(log))
    daemon.start()
    seconds = daemon.wait_for("caffewatch_read_position_bytes", size)
    lines = daemon.total("caffewatch_lines_total")
    print(f"{size / 1e9:.1f} GB, {lines / 1e6:.1f} million lines, one run")
    print(f"  first reading   {seconds:8.1f} s  ({lines / seconds / 1e6:.2f} million lines/s)")
    for how in (signal.SIGKILL, signal.SIGTERM):
        ending = daemon.stop(how)
        ready = daemon.start()
        current = daemon.wait_for("caffewatch_read_position_bytes", size)
        print(
            f"  after {how.name}   {ready:8.2f} s to serve, {current:.2f} s more until all is read"
            f" (ended in {ending:.2f} s), {daemon.memory():.0f} MB"
        )
    daemon.stop(signal.SIGTERM)


def many_logs(folder: Path, count: int, seconds: float) -> None:
    """Follow so many logs: idle, and growing by 50,000 lines a second in all."""
    logs = folder / "logs"
    logs.mkdir()
    data = grow(gzip.decompress(SOURCE.read_bytes()), 4000)
    lines = data.splitlines(keepends=True)
    for number in range(count):
        (logs / f"{number:04}.log").write_bytes(data)
    daemon = Daemon(folder, str(logs / "*.log"))
    begin = time.monotonic()
    daemon.start()
    daemon.wait_for("caffewatch_lines_total", count * len(lines))
    print(f"{count} logs of {len(lines)} lines: {daemon.memory():.0f} MB")
    print(f"  first reading   {time.monotonic() - begin:8.1f} s")
    time.sleep(SETTLING)
    before, start = daemon.cpu(), time.monotonic()
    time.sleep(seconds)
    print(f"  idle            {100 * (daemon.cpu() - before) / (time.monotonic() - start):8.1f} %")
    daemon.stop(signal.SIGTERM)
    begin = time.monotonic()
    print(f"  restart         {daemon.start():8.2f} s to serve")
    daemon.wait_for("caffewatch_read_position_bytes", count * len(data))
    print(f"  all known again {time.monotonic() - begin:8.2f} s")
    # A run's last lines, again and again: each log gets its share, in turn.
    files = [(logs / f"{number:04}.log").open("ab", buffering=0) for number in range(count)]
    piece = b"".join(lines[-500:])
    pieces, written = 0, 0
    before, start = daemon.cpu(), time.monotonic()
    while (elapsed := time.monotonic() - start) < seconds:
        while written < 50_000 * elapsed:
            files[pieces % count].write(piece)
            pieces += 1
            written += 500
        time.sleep(0.005)
    load = (daemon.cpu() - before) / elapsed
    lag = daemon.wait_for("caffewatch_lines_total", written, rest=0.1)
    print(f"  growing         {100 * load:8.1f} % at 50,000 lines/s, {lag:.2f} s behind at the end")
    daemon.stop(signal.SIGTERM)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=float, default=1e9, help="size of the long log (1e9)")
    parser.add_argument("--logs", type=int, default=1000, help="how many logs at once (1000)")
    parser.add_argument("--seconds", type=float, default=10, help="length of each phase (10)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        long_log(Path(folder), int(options.bytes))
    with tempfile.TemporaryDirectory() as folder:
        many_logs(Path(folder), options.logs, options.seconds)


if __name__ == "__main__":
    main()
