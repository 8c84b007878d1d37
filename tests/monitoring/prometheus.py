"""A real Prometheus on loopback, with what it is asked for."""

from __future__ import annotations

import json
import math
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE
from tests.ports import free_port


class Api:
    """What speaks Prometheus' HTTP API: Prometheus itself, or VictoriaMetrics."""

    def __init__(self, url: str) -> None:
        self.url = url

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Ask for now."""
        return list(self.get("query", query=expression)["result"])

    def over_time(self, expression: str, seconds: float, step: float) -> list[dict[str, Any]]:
        """Ask for the time up to now."""
        now = time.time()
        given = {"start": str(now - seconds), "end": str(now), "step": str(step)}
        return list(self.get("query_range", query=expression, **given)["result"])

    def get(self, path: str, **parameters: str) -> Any:
        """Fetch from the API."""
        asked = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.url}api/v1/{path}?{asked}", timeout=PATIENCE) as answer:
            return json.load(answer)["data"]


class Prometheus(Api):
    """Scrape some targets every second until `end`.

    Parameters
    ----------
    program
        The path of the real one.
    folder
        Where its configuration and its data go.
    targets
        HOST:PORT of each.
    rules
        Files of rules.
    """

    def __init__(
        self, program: str, folder: Path, targets: Iterable[str], rules: Sequence[Path] = ()
    ) -> None:
        port = free_port()
        super().__init__(f"http://127.0.0.1:{port}/")
        config = folder / "prometheus.yml"
        job = {"job_name": "caffewatch", "static_configs": [{"targets": list(targets)}]}
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(path) for path in rules],
            "scrape_configs": [job],
        }
        config.write_text(json.dumps(settings))
        command = [
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with (folder / "prometheus.err").open("wb") as errors:
            self._process = subprocess.Popen(command, stderr=errors)

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()


def values(result: Iterable[dict[str, Any]]) -> list[float]:
    """Return all numbers of an answer that are numbers."""
    pairs = [p for one in result for p in one.get("values", [one.get("value")])]
    return [x for _, text in pairs if not math.isnan(x := float(text))]
