"""From the write of a line to the arrival of its alert at a webhook, by the real daemon.

Each alert is the first of another log: nan in the last line of a block that has just been written.

usage: bench_latency.py [--alerts N]
"""

from __future__ import annotations

import argparse
import signal
import tempfile
from pathlib import Path
from statistics import median, quantiles

from bench_scrape import Fleet
from tests.logs import MLP

WAYS: dict[str, dict[str, object]] = {
    "events": {"events": True},
    "polling every 250 ms": {"events": False, "poll_interval": "250ms"},
}


def measure(folder: Path, alerts: int, tail: dict[str, object]) -> list[float]:
    """Return how many seconds each alert took."""
    fleet = Fleet(folder, alerts, MLP, tail=tail)
    try:
        return fleet.alerts(alerts)
    finally:
        fleet.daemon.stop(signal.SIGTERM)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--alerts", type=int, default=100, help="of which p99 is taken (100)")
    wanted = parser.parse_args()
    for name, tail in WAYS.items():
        with tempfile.TemporaryDirectory() as folder:
            taken = sorted(1000 * x for x in measure(Path(folder), wanted.alerts, tail))
        p99 = quantiles(taken, n=100, method="inclusive")[98]
        print(
            f"{name:22} p50 {median(taken):6.1f} ms, p99 {p99:6.1f} ms, at most {taken[-1]:6.1f} ms"
        )


if __name__ == "__main__":
    main()
