"""The real daemon as a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from signal import SIGTERM, Signals
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.deliver.web_server import WebServer
from tests.logs import TID, CaffeLog
from tests.patience import PATIENCE

_URL = re.compile(r"listening on (https?://\S+/)")


class OtherRun(CaffeLog):
    """A run that is not the one of `CaffeLog`: another thread wrote its lines."""

    @property
    def text(self) -> str:
        """All that was written."""
        return super().text.replace(f" {TID} ", f" {TID + 1} ")


class DaemonProcess:
    """Run ``caffewatch run`` on a configuration, as often as asked, over the same state.

    Parameters
    ----------
    folder
        Where configuration, state and the daemon's own log go; logs lie there too.
    hook
        URL of the receiver, a webhook unless ``receivers`` says otherwise.
    path
        What the job follows, within the folder.
    more
        Other keys of the configuration.

    Attributes
    ----------
    prefix
        A command that the daemon is run by, such as one that takes privileges away.
    environ
        What is set in its environment besides.
    arguments
        More arguments of ``caffewatch run``.
    """

    def __init__(self, folder: Path, hook: str, path: str = "train.log", **more: Any) -> None:
        self.folder = folder
        self.config = folder / "caffewatch.yaml"
        self.errors = folder / "stderr"
        self.url = ""
        self.prefix: list[str] = []
        self.environ: dict[str, str] = {}
        self.arguments: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._settings = {
            "host": "gpu-07",
            "state_dir": str(folder / "state"),
            "web": {"listen": "127.0.0.1:0"},
            "tail": {"events": True, "poll_interval": "10m"},
            "jobs": [{"name": "mnist", "path": path}],
            "receivers": [{"name": "hook", "type": "webhook", "url": hook}],
        } | more
        self.configure()

    def configure(self, **changes: Any) -> None:
        """Write the configuration; JSON is YAML."""
        self._settings |= changes
        self.config.write_text(json.dumps(self._settings))

    def launch(self) -> None:
        """Begin a process, and do not wait for it."""
        program = [*self.prefix, sys.executable, "-m", "caffewatch"]
        command = [*program, "run", "--config", str(self.config), *self.arguments]
        with self.errors.open("wb") as errors:
            self._process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=errors, env=os.environ | self.environ
            )

    def start(self, timeout: float = PATIENCE) -> None:
        """Begin a process and wait until it serves."""
        self.launch()
        self.await_serving(timeout)

    def await_serving(self, timeout: float = PATIENCE) -> None:
        """Wait until the process begun last serves."""
        self.await_text("listening on", timeout)
        found = _URL.search(self.said)
        assert found is not None
        self.url = found[1]

    @property
    def said(self) -> str:
        """What the process has logged."""
        return self.errors.read_text("utf-8")

    def await_text(self, text: str, timeout: float = PATIENCE) -> None:
        """Wait until the process has logged something."""
        deadline = time.monotonic() + timeout
        while text not in self.said:
            assert self.process.poll() is None, f"the daemon has ended:\n{self.said}"
            assert time.monotonic() < deadline, f"no {text!r} in:\n{self.said}"
            time.sleep(0.01)

    def await_settled(self) -> None:
        """Wait until the process has noted of every message what became of it."""
        deadline = time.monotonic() + PATIENCE
        while any(x.value for x in self.samples("caffewatch_notification_queue_length")):
            assert time.monotonic() < deadline, f"messages still wait:\n{self.said}"
            time.sleep(0.01)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process begun last."""
        assert self._process is not None
        return self._process

    def send(self, number: Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait(self, timeout: float = PATIENCE) -> int:
        """Wait for the end; return the exit code."""
        return self.process.wait(timeout)

    def stop(self, number: Signals = SIGTERM) -> int:
        """End the process, if it lives; return its exit code."""
        if self.process.poll() is None:
            self.send(number)
        return self.wait()

    def end(self) -> None:
        """Kill the process, if there is one that lives."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def get(self, path: str) -> str:
        """Fetch a page."""
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    def metric(self, name: str, **labels: str) -> float | None:
        """Scrape one value: of the first series with these labels, None if there is none."""
        found = (x.value for x in self.samples(name) if labels.items() <= x.labels.items())
        return next(found, None)

    def samples(self, name: str) -> list[Sample]:
        """Scrape all series of a name."""
        families = text_string_to_metric_families(self.get("metrics"))
        return [x for family in families for x in family.samples if x.name == name]


def edges(hook: WebServer) -> list[tuple[str, str]]:
    """Return (rule, state) of all alerts that a webhook has been sent, in order."""
    return [(x["labels"]["alertname"], x["status"]) for x in sent(hook)]


def sent(hook: WebServer) -> list[dict[str, Any]]:
    """Return all alerts that a webhook has been sent, in order."""
    return [alert for x in list(hook.received) for alert in json.loads(x.body)["alerts"]]
