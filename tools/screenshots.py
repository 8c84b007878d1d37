"""Take pictures of the pages: the real daemon on real logs, seen by a headless Chromium.

``readme.png`` is the README's: copy it to docs/page.png when the pages look different.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

RUNS = Path(__file__).parents[1] / "tests" / "data" / "runs"
JOBS = ("lr_too_high_nan", "resnet_ok", "vanishing_sigmoid")
GROWING = "vanishing_sigmoid"
"""Its end has not been written as yet, so that its alert fires."""
SHOTS = (("readme", f"jobs/{GROWING}", 1100, 1620, ""), ("index", "", 1100, 900, ""),
         ("job", "jobs/lr_too_high_nan", 1100, 1750, ""),
         ("job-dark", "jobs/resnet_ok", 1100, 1750, "dark"), ("phone", "", 500, 1500, ""),
         ("phone-job", "jobs/lr_too_high_nan", 500, 2400, ""))  # fmt: skip
"""(name, page, width, height, colours); a headless window is never narrower than 500."""


def main() -> int:
    """Write the pictures into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("screenshots: needs chromium (apt-get install chromium)", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="caffe-") as work:
        daemon, url = start(Path(work))
        try:
            for name, page, width, height, colours in SHOTS:
                shoot(browser, url + page, folder / f"{name}.png", width, height, colours)
        finally:
            daemon.terminate()
            daemon.wait()
    return 0


def start(work: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start the daemon on a few bundled logs; return it and its URL once all are read."""
    for name in JOBS:
        data = gzip.decompress((RUNS / f"{name}.log.gz").read_bytes())
        end = data.rindex(b"\n", 0, len(data) * 9 // 10) + 1 if name == GROWING else None
        (work / f"{name}.log").write_bytes(data[:end])
    config = {
        "host": "gpu-07", "state_dir": str(work / "state"), "web": {"listen": "127.0.0.1:0"},
        "jobs": [{"name": x, "path": str(work / f"{x}.log")} for x in JOBS],
    }  # fmt: skip
    (work / "caffewatch.yaml").write_text(json.dumps(config))
    command = [sys.executable, "-m", "caffewatch", "run", "--config", str(work / "caffewatch.yaml")]
    with (work / "said").open("wb") as said:
        daemon = subprocess.Popen(command, stderr=said)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        words = (work / "said").read_text().split()
        urls = [x for x in words if x.startswith("http://")]
        if urls and _read(urls[0]):
            return daemon, urls[0]
        time.sleep(0.1)
    daemon.terminate()
    raise TimeoutError((work / "said").read_text())


def _read(url: str) -> bool:
    with urllib.request.urlopen(url + "api/v1/jobs", timeout=10) as answer:
        jobs = json.load(answer)["jobs"]
    return all(x["logs"] and x["logs"][0]["run"] for x in jobs)


def shoot(browser: str, url: str, path: Path, width: int, height: int, colours: str = "") -> None:
    """Take one picture of a page."""
    dark = ["--blink-settings=preferredColorScheme=0"] if colours == "dark" else []
    command = [
        browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *dark,
        f"--window-size={width},{height}", f"--screenshot={path}", "--timeout=8000", url,
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)


if __name__ == "__main__":
    sys.exit(main())
