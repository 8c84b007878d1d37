"""Take the README's pictures: the real daemon on bundled logs, and the mail that it sends.

The logs are cut off in mid-training, as they are when people look.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from email.message import EmailMessage
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.deliver.mail_server import mail_server

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "tests" / "data" / "runs"
IMAGES = ROOT / "docs" / "images"
JOBS = {
    "lenet": ("input_nan", 40),
    "resnet": ("resnet_ok", 220),
    "sigmoid": ("vanishing_sigmoid", 300),
}
"""Job -> (log, iteration at which it is cut off)."""
WIDTH = 1100


def main() -> int:
    """Write the pictures into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=IMAGES)
    folder: Path = parser.parse_args().folder
    chromium, squeeze = shutil.which("chromium"), shutil.which("pngquant")
    if chromium is None or squeeze is None:
        needs = "chromium, pngquant and fonts-noto-color-emoji"
        print(f"screenshots: needs Debian's {needs}", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="caffe-") as work,
        mail_server() as mail,
        sync_playwright() as play,
    ):
        browser = play.chromium.launch(executable_path=chromium)
        daemon, url = start(Path(work), mail.port)
        try:
            shoot(browser, f"{url}jobs/lenet", folder / "page.png")
            worst = next(x for _, _, x in mail.received if "nan" in x["Subject"])
            shoot_mail(browser, worst, folder / "alert.png")
            for name in ("page", "alert"):
                path = str(folder / f"{name}.png")
                subprocess.run([squeeze, "--force", "--strip", "--output", path, path], check=True)
        finally:
            daemon.terminate()
            daemon.wait()
            browser.close()
    return 0


def start(work: Path, smtp: int) -> tuple[subprocess.Popen[bytes], str]:
    """Start the daemon; return it and its URL once all logs are read and the mail has come."""
    for name, (run, end) in JOBS.items():
        data = gzip.decompress((RUNS / f"{run}.log.gz").read_bytes())
        cut = re.search(rb"^.*\] Iteration %d\b.*loss = " % end, data, re.MULTILINE)
        assert cut is not None
        (work / f"{name}.log").write_bytes(data[: cut.start()])
    receiver = {
        "name": "mail", "type": "email", "host": "127.0.0.1", "port": smtp, "security": "plain",
        "from": "caffewatch@example.org", "to": ["vision@example.org"],
    }  # fmt: skip
    config = {
        "host": "gpu-07", "state_dir": str(work / "state"), "web": {"listen": "127.0.0.1:0"},
        "external_url": "https://watch.example/", "receivers": [receiver],
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
        if urls and _has_all(urls[0]):
            return daemon, urls[0]
        time.sleep(0.1)
    daemon.terminate()
    raise TimeoutError((work / "said").read_text())


def _has_all(url: str) -> bool:
    with urllib.request.urlopen(url + "api/v1/jobs", timeout=10) as answer:
        jobs = json.load(answer)["jobs"]
    with urllib.request.urlopen(url + "metrics", timeout=10) as answer:
        sent = re.search(r'outcome="delivered",receiver="mail"\} [1-9]', answer.read().decode())
    return bool(sent) and all(x["logs"] and x["logs"][0]["run"] for x in jobs)


def shoot(browser: Browser, url: str, path: Path) -> None:
    """Take a job's page down to its first layer map, with the mouse on the first nan."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 900})
    page.goto(url)
    figure = page.locator("#log0-map-gradient")
    figure.locator("svg").hover(position={"x": 541, "y": 8})
    page.wait_for_timeout(100)
    page.evaluate("window.scrollTo(0, 0)")
    box = figure.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] + 12
    page.screenshot(
        path=path, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height}
    )
    page.close()


def shoot_mail(browser: Browser, message: EmailMessage, path: Path) -> None:
    """Take the HTML part of a mail, under its subject, as a mail program shows it."""
    body = message.get_body(("html",))
    assert body is not None
    page = browser.new_page(viewport={"width": 760, "height": 400})
    page.set_content(body.get_content())
    page.evaluate(
        """(subject) => {
          const heading = document.createElement("h3");
          heading.textContent = subject;
          document.body.prepend(heading);
        }""",
        str(message["Subject"]),
    )
    page.screenshot(path=path, full_page=True)
    page.close()


if __name__ == "__main__":
    sys.exit(main())
