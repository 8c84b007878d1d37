"""The fleet that config/fleet starts on loopback: its parts are real, and work together."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Any

import pytest
import yaml

from caffewatch.config import load
from caffewatch.deliver.alertmanager import AlertmanagerSettings
from tests.monitoring.prometheus import Api

CONFIG = Path(__file__).parents[2] / "config"
SCRIPT = CONFIG / "fleet" / "run_local.py"
HOSTS = ["gpu-01", "gpu-02", "gpu-03"]
PROGRAMS = ("prometheus", "prometheus-alertmanager", "victoria-metrics")
"""Debian's packages are called like what is in them."""
PATIENCE = 90.0
BY_PROMETHEUS = 'ALERTS{alertname="CaffeNonFinite",host="gpu-02",alertstate="firing"}'

Eventually = Callable[..., None]


class Fleet:
    """The script as a process, its output in a file."""

    def __init__(self, folder: Path, *arguments: str | Path) -> None:
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self._output = folder / "output"
        command = [sys.executable, str(SCRIPT), *map(str, arguments)]
        environment = os.environ | {"TMPDIR": str(self.temporary)}
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=output, env=environment, start_new_session=True
            )

    @property
    def said(self) -> str:
        """Return what it has printed."""
        return self._output.read_text("utf-8")

    def is_ready(self) -> bool:
        """Tell whether it has said so."""
        assert self.process.poll() is None, self.said
        return "Ready." in self.said

    def url(self, part: str) -> str:
        """Return where a part is."""
        (found,) = re.findall(rf"^{part} +(http://127\.0\.0\.1:\d+/)$", self.said, re.MULTILINE)
        return str(found)

    def alerts(self, number: int) -> list[str]:
        """Name what one of the Alertmanagers knows."""
        url = f"{self.url(f'alertmanager-{number}')}api/v2/alerts"
        return sorted(alert["labels"]["alertname"] for alert in fetch(url))

    def told(self) -> list[str]:
        """Name the alerts that people were told of, in order."""
        summaries = re.findall(r"^ALERT firing \w+  (.*)$", self.said, re.MULTILINE)
        return ["non_finite" if "nan or inf" in summary else summary for summary in summaries]

    def has_looked(self, number: int) -> bool:
        """Tell whether one of the Alertmanagers has asked who was told, for each alert."""
        with urllib.request.urlopen(f"{self.url(f'alertmanager-{number}')}metrics") as answer:
            text = answer.read().decode()
        (looks,) = re.findall(r"^alertmanager_nflog_queries_total (\S+)$", text, re.MULTILINE)
        return float(looks) >= len(self.told())

    def processes(self) -> list[str]:
        """Find the processes that were given a file or folder of this fleet."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue  # ended meanwhile
            if str(self.temporary) in command:
                found.append(command)
        return found


def fetch(url: str) -> Any:
    """Fetch JSON."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


@pytest.fixture
def start(program: Callable[[str, str], str], tmp_path: Path) -> Iterator[Callable[..., Fleet]]:
    """Return what starts a fleet; it is ended, at the latest, after the test."""
    for name in PROGRAMS:
        program(name, name)
    started: list[Fleet] = []

    def make(*arguments: str | Path) -> Fleet:
        started.append(Fleet(tmp_path, *arguments))
        return started[-1]

    yield make
    for fleet in started:
        fleet.process.terminate()
        fleet.process.wait(PATIENCE)


class TestFiles:
    def test_daemons_tell_both(self) -> None:
        """The configuration of each machine is valid, and names the pair."""
        settings = load(CONFIG / "fleet" / "caffewatch.yaml", {})

        (receiver,) = settings.receivers
        assert isinstance(receiver, AlertmanagerSettings)
        assert len(receiver.urls) == 2

    def test_the_script_uses_what_is_shipped(self) -> None:
        """The keys that it fills in are there to be filled in."""
        shipped = yaml.safe_load((CONFIG / "prometheus" / "prometheus.yml").read_text())
        (job,) = shipped["scrape_configs"]
        (managers,) = shipped["alerting"]["alertmanagers"]

        assert job["file_sd_configs"] == [{"files": ["targets/*.yml"]}]
        assert managers["file_sd_configs"] == [{"files": ["alertmanagers/*.yml"]}]
        assert "remote_write" not in shipped


@pytest.mark.slow
class TestFleet:
    def test_works_together(self, start: Callable[..., Fleet], eventually: Eventually) -> None:
        """Series of all machines are stored; an alert is known to both, and told once."""
        fleet = start("--seconds", "5", "--interval", "1")
        eventually(fleet.is_ready, PATIENCE)
        assert len(fleet.processes()) == len(HOSTS) + 4
        stored = Api(fleet.url("victoria-metrics"))

        def hosts() -> list[str]:
            return sorted(x["metric"]["host"] for x in stored.query("caffe_iteration > 0"))

        eventually(lambda: hosts() == HOSTS, PATIENCE)
        eventually(lambda: stored.query(BY_PROMETHEUS), PATIENCE)
        peers = fetch(f"{fleet.url('alertmanager-1')}api/v2/status")["cluster"]["peers"]
        assert len(peers) == 2
        eventually(lambda: fleet.told().count("non_finite") == 1, PATIENCE)
        for number in (1, 2):
            # The second of a pair waits for what the first says, then looks who was told.
            eventually(partial(fleet.has_looked, number), PATIENCE)
            assert {"non_finite", "CaffeNonFinite"} <= set(fleet.alerts(number))
            assert fleet.alerts(number).count("non_finite") == 1

        fleet.process.send_signal(SIGINT)

        assert fleet.process.wait(PATIENCE) == 0
        assert len(fleet.told()) == len(set(fleet.told()))
        assert "Traceback" not in fleet.said
        assert (fleet.processes(), list(fleet.temporary.iterdir())) == ([], [])

    def test_ends_while_it_starts(
        self, start: Callable[..., Fleet], eventually: Eventually
    ) -> None:
        """Asked to end before all are ready, it leaves nothing either."""
        fleet = start()
        eventually(lambda: len(fleet.processes()) > 1, PATIENCE)

        fleet.process.send_signal(SIGTERM)

        assert fleet.process.wait(PATIENCE) == 0, fleet.said
        assert (fleet.processes(), list(fleet.temporary.iterdir())) == ([], [])

    def test_a_part_that_ends_ends_all(
        self, start: Callable[..., Fleet], eventually: Eventually
    ) -> None:
        """It says which one, and its last words: here two that want the same port."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            fleet = start("--first-port", str(taken.getsockname()[1]))

            assert fleet.process.wait(PATIENCE) == 2

        assert " has ended:\n" in fleet.said
        assert "address already in use" in fleet.said.lower()
        assert (fleet.processes(), list(fleet.temporary.iterdir())) == ([], [])

    def test_a_log_that_is_not_there(self, start: Callable[..., Fleet], tmp_path: Path) -> None:
        """Nothing is started then."""
        fleet = start(tmp_path / "none.log")

        assert fleet.process.wait(PATIENCE) == 2
        assert "none.log" in fleet.said
        assert "Traceback" not in fleet.said
