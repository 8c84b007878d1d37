"""The page of a run of a million iterations in a real Chromium, from the click to the first value.

The net is of GoogLeNet's size, and no two of its values are alike: no layer map is larger. Each
visit begins without a cache, after another display of the run; the daemon is a process of its own.
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench_daemon import Daemon
from tests.logs import CaffeLog
from training_logs import large_net

LAST, DISPLAY = 1_000_000, 1000
TIMES = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return [page.responseStart, page.responseEnd, paint.startTime, page.domContentLoadedEventEnd,
    page.loadEventEnd, page.encodedBodySize / 1e3, page.decodedBodySize / 1e3];
}"""
NAMES = ("first byte", "last byte", "first paint", "DOMContentLoaded", "load",
         "HTML as sent", "HTML", "value under the mouse")  # fmt: skip


def log() -> Iterator[str]:
    """Write the run without end, display by display."""
    layers = large_net()
    keys = [
        key for layer in layers[1:-1]
        for key in (layer.name, f"{layer.name}.0", f"d {layer.name}.0")
    ]  # fmt: skip
    made = CaffeLog.started(layers, max_iter=2 * LAST, display=DISPLAY)
    numbers = random.Random(1)
    for iteration in itertools.count(0, DISPLAY):
        values = {key: f"{10 ** numbers.uniform(-6, 0):.6g}" for key in keys}
        made.display(iteration, values, loss=f"{1 + numbers.random():.6g}")
        yield "".join(text for _, text in made.chunks)
        made.chunks.clear()


def visit(browser: Browser, url: str) -> list[float]:
    """Open the page once; return milliseconds and kilobytes, as `NAMES` has them."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    begin = time.perf_counter()
    page.goto(url)
    page.locator("#log0-map-gradient svg").hover(position={"x": 700, "y": 50})
    page.locator("#log0-map-gradient .reading", has_text="iteration").wait_for()
    told = 1000 * (time.perf_counter() - begin)
    figures: list[float] = page.evaluate(TIMES)
    context.close()
    return [*figures, told]


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    rounds: int = parser.parse_args().rounds
    chromium = shutil.which("chromium")
    if chromium is None:
        print("bench_page: needs chromium (apt-get install chromium)", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder, displays, lines = Path(name), log(), 0
        daemon = Daemon(folder, str(folder / "train.log"))
        found = []
        with (folder / "train.log").open("w") as file, sync_playwright() as playwright:
            for text in itertools.islice(displays, LAST // DISPLAY):
                file.write(text)
                lines += text.count("\n")
            file.flush()
            daemon.start()
            browser = playwright.chromium.launch(executable_path=chromium)
            for text in itertools.islice(displays, rounds):
                file.write(text)
                file.flush()
                lines += text.count("\n")
                daemon.wait_for("caffewatch_lines_total", lines)
                found.append(visit(browser, f"{daemon.url}jobs/bench"))
            browser.close()
        daemon.stop(signal.SIGTERM)
    print(f"{lines} lines, {LAST} iterations, {rounds} visits without a cache")
    for what, values in zip(NAMES, zip(*found, strict=True), strict=True):
        unit = "kB" if what.startswith("HTML") else "ms"
        print(
            f"  {what:<22} {statistics.median(values):6.0f} {unit} median, {max(values):.0f} most"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
