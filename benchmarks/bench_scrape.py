"""A scrape of many logs of a GoogLeNet-sized net, and whether it is in the way of the alerts.

The daemon is a process of its own; a scrape is timed from the request to its last byte, as
Prometheus sees it, and an alert from the write of the block to its arrival at a webhook.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import statistics
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench_daemon import Daemon
from tests.logs import CaffeLog, Layer
from training_logs import large_net

ACCEPT = {"Accept": "application/openmetrics-text;version=1.0.0"}
PACKED = ACCEPT | {"Accept-Encoding": "gzip"}
"""What Prometheus asks for."""


def scrape(url: str, headers: dict[str, str] = PACKED) -> tuple[float, bytes]:
    """Return the seconds that a scrape took, and its body."""
    begin = time.perf_counter()
    with urllib.request.urlopen(urllib.request.Request(f"{url}metrics", headers=headers)) as answer:
        body = answer.read()
    return time.perf_counter() - begin, body


class Hook:
    """A webhook that notes when alerts arrive."""

    def __init__(self) -> None:
        self.arrived = threading.Semaphore(0)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:  # noqa: N805 -- self is the hook's
                handler.rfile.read(int(handler.headers["Content-Length"]))
                handler.send_response(204)
                handler.end_headers()
                self.arrived.release()

            def log_message(handler, format: str, *args: object) -> None:  # noqa: N805
                """Keep the figures readable."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


class Fleet:
    """So many logs of the same net, and the daemon that follows them."""

    def __init__(
        self, folder: Path, count: int, layers: tuple[Layer, ...] | None = None, **settings: Any
    ) -> None:
        self.hook = Hook()
        self._log = CaffeLog.started(layers or large_net())
        self._next = 30
        self._log.displays(range(0, self._next, 10))
        healthy = self._log.data
        self.logs = [folder / f"{number:04}.log" for number in range(count)]
        for path in self.logs:
            path.write_bytes(healthy)
        self.daemon = Daemon(folder, str(folder / "*.log"))
        known = json.loads(self.daemon.config.read_text())
        known["receivers"] = [{"name": "hook", "type": "webhook", "url": self.hook.url}]
        self.daemon.config.write_text(json.dumps({**known, **settings}))
        self.daemon.start()
        self._await(self._next - 10)

    def _display(self, **values: str) -> bytes:
        """Write the next display, as it goes on in every log."""
        before = self._log.data
        self._log.display(self._next, values)
        self._next += 10
        return self._log.data.removeprefix(before)

    def advance(self) -> None:
        """Let every run go on by a display, and wait until a scrape would show it."""
        piece, iteration = self._display(), self._next - 10
        for path in self.logs:
            with path.open("ab") as file:
                file.write(piece)
        self._await(iteration)

    def _await(self, iteration: int) -> None:
        """Wait until every log is shown to have come so far."""
        while True:
            with urllib.request.urlopen(f"{self.daemon.url}api/v1/jobs") as answer:
                logs = json.load(answer)["jobs"][0]["logs"]
            if [x["run"] and x["run"]["iteration"] for x in logs] == [iteration] * len(self.logs):
                return
            time.sleep(0.2)

    def alerts(self, number: int) -> list[float]:
        """Make so many runs go wrong, one after the other; return how long each alert took."""
        seconds = []
        bad = self._display(data="nan")
        for _ in range(number):
            begin = time.perf_counter()
            with self.logs.pop().open("ab") as file:
                file.write(bad)
            self.hook.arrived.acquire(timeout=60)
            seconds.append(time.perf_counter() - begin)
            time.sleep(random.uniform(0.1, 0.4))  # in step with no polling
        return seconds


def shown(seconds: list[float]) -> str:
    """Write median and maximum."""
    return f"{statistics.median(seconds):.3f} s median, {max(seconds):.3f} s at most"


def measure(folder: Path, count: int, rounds: int) -> None:
    """Print what scrapes and alerts cost."""
    fleet = Fleet(folder, count)
    url = fleet.daemon.url
    body, packed = scrape(url, ACCEPT)[1], scrape(url)[1]
    series = sum(not line.startswith(b"#") for line in body.splitlines())
    sizes = f"{len(body) / 1e6:.1f} MB, {len(packed) / 1e6:.1f} MB packed"
    print(f"{count} logs, {series} series, {sizes}; memory {fleet.daemon.memory():.0f} MB")
    for what, prepare, headers in (
        ("nothing new", None, PACKED),
        ("all is new", fleet.advance, PACKED),
        ("not packed", fleet.advance, ACCEPT),
    ):
        seconds, busy = [], 0.0
        scrape(url)
        for _ in range(rounds):
            if prepare is not None:
                prepare()
            before = fleet.daemon.cpu()
            seconds.append(scrape(url, headers)[0])
            busy += fleet.daemon.cpu() - before
        took = f"{shown(seconds)}, {busy / rounds:.3f} s of processor time"
        print(f"  scrape           {took}, {what}")
    print(f"  alerts           {shown(fleet.alerts(rounds))}")
    stop = threading.Event()

    def scrape_on() -> None:
        while not stop.is_set():
            scrape(url)

    scraper = threading.Thread(target=scrape_on)
    scraper.start()
    print(f"  while scraped    {shown(fleet.alerts(rounds))}, one scrape upon the other")
    stop.set()
    scraper.join()
    print(f"  memory           {fleet.daemon.memory():.0f} MB")
    fleet.daemon.stop(signal.SIGTERM)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--rounds", type=int, default=10, help="scrapes and alerts of each kind")
    options = parser.parse_args()
    for count in options.logs:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), count, options.rounds)


if __name__ == "__main__":
    main()
