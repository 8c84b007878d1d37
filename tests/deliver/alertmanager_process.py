"""A real Alertmanager."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE
from tests.ports import free_port


@dataclass(frozen=True)
class Alertmanager:
    """One that runs."""

    url: str

    def alerts(self) -> list[dict[str, Any]]:
        """Return what it knows: the alerts that have not ended."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=PATIENCE) as answer:
            return list(json.load(answer))

    def names(self) -> list[str]:
        """Return the names of what it knows."""
        return sorted(alert["labels"]["alertname"] for alert in self.alerts())


@contextmanager
def alertmanager(program: str, folder: Path, hook: str) -> Iterator[Alertmanager]:
    """Run one that forwards everything to a webhook at once, for as long as the block lasts."""
    config = {
        "route": {
            "receiver": "hook", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s",
            "repeat_interval": "4h",
        },
        "receivers": [{"name": "hook", "webhook_configs": [{"url": hook}]}],
    }  # fmt: skip
    path = folder / "alertmanager.yml"
    path.write_text(json.dumps(config))
    address = f"127.0.0.1:{free_port()}"
    command = [
        program, f"--config.file={path}", f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={address}", "--cluster.listen-address=",
    ]  # fmt: skip
    with (folder / "alertmanager.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _await_ready(process, f"http://{address}/-/ready", folder / "alertmanager.log")
        yield Alertmanager(f"http://{address}")
    finally:
        process.kill()
        process.wait()


def _await_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE).close()
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return
