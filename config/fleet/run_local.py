"""A fleet on loopback: a caffewatch for each log, Prometheus, VictoriaMetrics, two Alertmanagers.

It is what docs/monitoring.md describes for real machines, made of the same files of config/, with
everything on 127.0.0.1 and in a temporary folder. Logs are played as if their runs went on now, and
what the Alertmanagers tell people is shown here. Ctrl-C ends all of it.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from rich.console import Console

from caffewatch.demo.player import Player
from caffewatch.demo.receiver import Receiver
from caffewatch.report.reading import DAMAGED

CONFIG = Path(__file__).resolve().parents[1]
RUNS = CONFIG.parent / "tests" / "data" / "runs"
LOGS = [RUNS / f"{name}.log.gz" for name in ("early_stop_ok", "r11_008_dies", "resnet_ok")]
"""One that goes well, one that turns nan, and one of a net with 80 layers that goes well."""
PROGRAMS = {
    "prometheus": ("prometheus",),
    "alertmanager": ("prometheus-alertmanager", "alertmanager"),
    "victoria-metrics": ("victoria-metrics", "victoria-metrics-prod"),
}
"""What each is called, on Debian first."""
PATIENCE = 60.0
"""Seconds that each gets to be ready."""
LOWEST_PORT = 10_000
LENT_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""The ports that the system gives to connections."""
FAREWELL = 10.0
"""Seconds that each gets to end by itself."""


class FleetError(Exception):
    """The fleet cannot start, or a part of it has ended."""


class Part(NamedTuple):
    """One process of the fleet, and the page that answers once it is ready."""

    name: str
    command: list[str]
    url: str
    ready: str


class Stop:
    """Whether somebody has asked for the end; signals do."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: object) -> None:
        self.asked = True


class Running:
    """The processes that were started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[tuple[Part, subprocess.Popen[bytes]]] = []

    def start(self, part: Part) -> None:
        """Start a part; it gets no signals from the terminal, since they are for us to pass on."""
        with self._errors(part).open("wb") as errors:
            process = subprocess.Popen(
                part.command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                start_new_session=True,
            )  # fmt: skip
        self._started.append((part, process))

    def await_ready(self, stop: Stop) -> None:
        """Wait until each part answers, or the end is asked for."""
        deadline = time.monotonic() + PATIENCE
        for part, _ in self._started:
            while not stop.asked and not answers(part.url + part.ready):
                self.check()
                if time.monotonic() > deadline:
                    raise FleetError(f"{part.name} does not answer:\n{self._last_words(part)}")
                time.sleep(0.1)

    def check(self) -> None:
        """See that all of them live.

        Raises
        ------
        FleetError
            One has ended.
        """
        for part, process in self._started:
            if process.poll() is not None:
                raise FleetError(f"{part.name} has ended:\n{self._last_words(part)}")

    def end(self) -> None:
        """End one after the other, the last first, so that each can still tell those it needs."""
        for _, process in reversed(self._started):
            process.terminate()
            try:
                process.wait(FAREWELL)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _errors(self, part: Part) -> Path:
        return self._folder / f"{part.name}.err"

    def _last_words(self, part: Part) -> str:
        lines = self._errors(part).read_text("utf-8", "replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-10:])


class Fleet:
    """All parts and their configurations, from the files of config/.

    Parameters
    ----------
    folder
        Where configurations, data and logs go.
    hosts
        The names of the machines that train.
    ports
        As many as `needed` says.
    hook
        Where the Alertmanagers tell people.
    interval
        Seconds between scrapes, and between looks at the rules.
    """

    def __init__(
        self, folder: Path, hosts: Sequence[str], ports: Sequence[int], hook: str, interval: int
    ) -> None:
        self._folder = folder
        self._hook = hook
        self._interval = f"{interval}s"
        free = iter(f"127.0.0.1:{port}" for port in ports)
        self._hosts = {host: next(free) for host in hosts}
        self._prometheus, self._victoria = next(free), next(free)
        self._managers = [next(free), next(free)]
        self._gossip = [next(free), next(free)]

    @staticmethod
    def needed(hosts: int) -> int:
        """Return how many ports a fleet takes."""
        return hosts + 6

    def log(self, host: str) -> Path:
        """Return where the training of a machine writes."""
        return self._folder / host / "logs" / "train.log"

    def parts(self) -> Iterator[Part]:
        """Yield them in the order in which each finds what it needs."""
        yield from self._alertmanagers()
        yield self._victoria_metrics()
        for host, address in self._hosts.items():
            yield self._daemon(host, address)
        yield self._scraper()

    def _alertmanagers(self) -> Iterator[Part]:
        settings = load("alertmanager.yml")
        people = next(x for x in settings["receivers"] if x["name"] == "people")
        people["webhook_configs"] = [{"url": self._hook}]
        config = self._write("alertmanager.yml", settings)
        for number, address in enumerate(self._managers):
            name, own = f"alertmanager-{number + 1}", self._gossip[number]
            others = [f"--cluster.peer={x}" for x in self._gossip if x != own]
            command = [
                program("alertmanager"), f"--config.file={config}",
                f"--storage.path={self._folder / name}", f"--web.listen-address={address}",
                f"--cluster.listen-address={own}", *others,
            ]  # fmt: skip
            yield Part(name, command, f"http://{address}/", "-/ready")

    def _victoria_metrics(self) -> Part:
        command = [
            program("victoria-metrics"), f"-storageDataPath={self._folder / 'victoria-metrics'}",
            f"-httpListenAddr={self._victoria}", "-search.latencyOffset=1s",
        ]  # fmt: skip
        return Part("victoria-metrics", command, f"http://{self._victoria}/", "health")

    def _daemon(self, host: str, address: str) -> Part:
        self.log(host).parent.mkdir(parents=True)
        settings = load("fleet/caffewatch.yaml")
        settings |= {"host": host, "state_dir": str(self._folder / host / "state")}
        settings["web"]["listen"] = address
        settings["jobs"][0]["path"] = str(self.log(host).with_name("*.log"))
        settings["receivers"][0]["urls"] = [f"http://{x}" for x in self._managers]
        config = self._write(f"{host}/caffewatch.yaml", settings)
        command = [sys.executable, "-m", "caffewatch", "run", "--config", str(config)]
        return Part(host, command, f"http://{address}/", "readyz")

    def _scraper(self) -> Part:
        shutil.copytree(CONFIG / "prometheus", self._folder / "prometheus")
        targets = [{"targets": [at], "labels": {"host": x}} for x, at in self._hosts.items()]
        self._write("prometheus/targets/caffewatch.yml", targets)
        self._write("prometheus/alertmanagers/pair.yml", [{"targets": self._managers}])
        settings = load("prometheus/prometheus.yml")
        settings["global"] = dict.fromkeys(
            ("scrape_interval", "scrape_timeout", "evaluation_interval"), self._interval
        )
        del settings["scrape_configs"][0]["scrape_timeout"]
        settings["remote_write"] = [{"url": f"http://{self._victoria}/api/v1/write"}]
        config = self._write("prometheus/prometheus.yml", settings)
        command = [
            program("prometheus"), f"--config.file={config}",
            f"--storage.tsdb.path={self._folder / 'tsdb'}",
            f"--web.listen-address={self._prometheus}",
        ]  # fmt: skip
        return Part("prometheus", command, f"http://{self._prometheus}/", "-/ready")

    def _write(self, name: str, settings: object) -> Path:
        """Write a configuration; JSON is YAML."""
        path = self._folder / name
        path.write_text(json.dumps(settings, indent=1))
        return path


def load(name: str) -> Any:
    """Read a file of config/."""
    return yaml.safe_load((CONFIG / name).read_text("utf-8"))


def program(name: str) -> str:
    """Find a program by any of its names.

    Raises
    ------
    FleetError
        It is not on this machine.
    """
    found = next(filter(None, map(shutil.which, PROGRAMS[name])), None)
    if found is None:
        packages = " ".join(names[0] for names in PROGRAMS.values())
        raise FleetError(f"{name} is not on this machine; on Debian: apt-get install {packages}")
    return found


def answers(url: str) -> bool:
    """Tell whether a page is there."""
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on, and that no connection gets before they are taken."""
    below = max(int(LENT_PORTS.read_text().split()[0]), 2 * LOWEST_PORT)
    tried = random.sample(range(LOWEST_PORT, below), 10 * count)
    return [port for port in tried if is_free(port)][:count]


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a port."""
    with suppress(OSError), socket.socket() as sock:
        sock.bind(("127.0.0.1", port))
        return True
    return False


@contextmanager
def receiver(console: Console) -> Iterator[str]:
    """Show what arrives at a URL."""
    running = Receiver(console.print)
    running.start()
    try:
        yield running.url
    finally:
        running.stop()


def run(options: argparse.Namespace, console: Console, stop: Stop) -> None:
    """Start everything, play the logs, and wait for the end."""
    hosts = [f"gpu-{number:02}" for number in range(1, len(options.logs) + 1)]
    count, first = Fleet.needed(len(hosts)), options.first_port
    ports = list(range(first, first + count)) if first else free_ports(count)
    with ExitStack() as end:
        folder = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="caffewatch-fleet-")))
        fleet = Fleet(folder, hosts, ports, end.enter_context(receiver(console)), options.interval)
        players = [
            Player(log, fleet.log(host), options.seconds)
            for log, host in zip(options.logs, hosts, strict=True)
        ]
        running, parts = Running(folder), list(fleet.parts())
        end.callback(running.end)
        for part in parts:
            running.start(part)
        running.await_ready(stop)
        for part in parts:
            console.print(f"{part.name:<18}{part.url}", markup=False)
        console.print("Ready. Ctrl-C ends all; what people are told appears below.", markup=False)
        for player in players:
            player.start()
            end.callback(player.stop)
        while not stop.asked:
            running.check()
            time.sleep(0.2)


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "logs", nargs="*", metavar="LOG", type=Path, default=LOGS,
        help="one for each machine, compressed or not (default: three of the tests')",
    )  # fmt: skip
    parser.add_argument("--seconds", type=float, default=60.0, help="how long a log plays (60)")
    parser.add_argument("--interval", type=int, default=5, help="seconds between scrapes (5)")
    parser.add_argument("--first-port", type=int, help="ports from here on (default: free ones)")
    options, console = parser.parse_args(), Console(highlight=False, soft_wrap=True)
    try:
        run(options, console, Stop())
    except (FleetError, *DAMAGED) as error:
        print(f"run_local.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
