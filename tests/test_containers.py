"""Containerfile and compose file, as far as can be judged without pulling an image."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from caffewatch.config import load
from caffewatch.config.settings import DEFAULT_LISTEN, DEFAULT_STATE_DIR
from tests.deliver.web_server import WebServer, web_server
from tests.service.process import DaemonProcess

ROOT = Path(__file__).parents[1]
CONTAINERFILE = (ROOT / "Containerfile").read_text().replace("\\\n", "")
FOLDER = ROOT / "config"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]


@pytest.fixture
def hook() -> Iterator[WebServer]:
    """Run a receiver of webhooks."""
    with web_server() as server:
        yield server


def instruction(name: str) -> list[str]:
    """Find what the image does last by this name."""
    return re.findall(rf"^{name} +(.*)$", CONTAINERFILE, re.MULTILINE)


def mounts(service: str) -> Iterator[tuple[str, str, str]]:
    """List a service's mounts as (source, target, options)."""
    for mount in SERVICES[service].get("volumes", ()):
        source, target, *options = re.sub(r"\$\{[^}]*\}", "VARIABLE", mount).split(":")
        yield source, target, "".join(options)


class TestContainerfile:
    def test_it_is_not_root(self) -> None:
        """By numbers, so that Kubernetes can see it too."""
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", instruction("USER")[-1])

    def test_state_and_port_are_the_defaults(self) -> None:
        """The volume is where the state is, the port where the pages are."""
        assert instruction("VOLUME") == [DEFAULT_STATE_DIR]
        assert instruction("EXPOSE") == [str(DEFAULT_LISTEN.port)]

    def test_what_is_copied_is_not_ignored(self) -> None:
        """The build would fail else."""
        ignored = (ROOT / ".dockerignore").read_text().splitlines()
        wanted = {line[1:] for line in ignored if line.startswith("!")}

        copied = {
            name for line in instruction("COPY") if "--from" not in line
            for name in line.split()[:-1]
        }  # fmt: skip

        assert copied == wanted
        assert all((ROOT / name).exists() for name in copied)

    def test_it_runs_a_command_of_ours(self) -> None:
        """With a configuration where the compose file puts it."""
        entry, command = (json.loads(instruction(x)[-1]) for x in ("ENTRYPOINT", "CMD"))
        targets = [target for _, target, _ in mounts("caffewatch")]

        assert (entry, command[:2]) == (["caffewatch"], ["run", "--config"])
        assert command[2] in targets

    def test_health(self, tmp_path: Path, hook: WebServer) -> None:
        """The check succeeds while the daemon serves, and fails afterwards."""
        program, *arguments = json.loads(instruction("HEALTHCHECK")[-1].partition("CMD ")[2])
        assert program == "python"
        daemon = DaemonProcess(tmp_path, hook.url)
        try:
            daemon.start()
            asked = [x.replace("http://127.0.0.1:9728/", daemon.url) for x in arguments]
            assert asked != arguments

            healthy = subprocess.run([sys.executable, *asked], check=False)
            daemon.stop()
            gone = subprocess.run([sys.executable, *asked], check=False, capture_output=True)
        finally:
            daemon.end()

        assert healthy.returncode == 0
        assert gone.returncode != 0


class TestCompose:
    @pytest.mark.parametrize("service", SERVICES)
    def test_it_is_hardened(self, service: str) -> None:
        """Nothing of the root is written, no privilege is kept, none can be won."""
        made = SERVICES[service]

        assert made["read_only"] is True
        assert made["cap_drop"] == ["ALL"]
        assert made["security_opt"] == ["no-new-privileges:true"]
        assert "build" in made or re.search(r":v?\d+\.\d+\.\d+$", made["image"])

    @pytest.mark.parametrize("service", SERVICES)
    def test_what_is_mounted_is_there(self, service: str) -> None:
        """Files are there, and read-only; volumes are declared."""
        found = list(mounts(service))

        for source, _, options in found:
            if source.startswith("."):
                assert (FOLDER / source).exists(), source
            if source.startswith((".", "VARIABLE")):
                assert options == "ro"
            else:
                assert source in COMPOSE["volumes"]
        assert len({target for _, target, _ in found}) == len(found)

    def test_ports_are_for_this_machine_only(self) -> None:
        """One service owns the network, and all that it publishes."""
        published = [port for made in SERVICES.values() for port in made.get("ports", ())]

        assert all(port.startswith("127.0.0.1:") for port in published)
        assert {port.split(":")[-1] for port in published} == {"9728", "3000", "9090", "9093"}
        assert {made.get("network_mode") for made in SERVICES.values()} == {
            None, "service:caffewatch",
        }  # fmt: skip

    def test_caffewatch_is_configured(self) -> None:
        """For the folder that is mounted, and reachable from outside of its container."""
        settings = load(FOLDER / "compose" / "caffewatch.yaml", {})
        targets = [target for _, target, _ in mounts("caffewatch")]

        assert settings.web.listen == ("0.0.0.0", DEFAULT_LISTEN.port)
        assert settings.jobs[0].path in targets
        assert [receiver.type for receiver in settings.receivers] == ["alertmanager"]

    def test_alertmanager_takes_its_file(self, program: Callable[[str, str], str]) -> None:
        """As its own tool says."""
        amtool = program("amtool", "prometheus-alertmanager")

        done = subprocess.run(
            [amtool, "check-config", FOLDER / "alertmanager.yml"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

        assert done.returncode == 0, done.stderr

    def test_nobody_is_told_twice(self) -> None:
        """Prometheus' copies of our rules are dropped; what it says of caffewatch is not."""
        rules = yaml.safe_load((FOLDER / "prometheus" / "rules" / "alerts.yml").read_text())
        routes = yaml.safe_load((FOLDER / "alertmanager.yml").read_text())["route"]
        (matcher,) = routes["routes"][0]["matchers"]
        pattern = re.compile(matcher.removeprefix('alertname=~"').removesuffix('"'))

        dropped = {
            group["name"]: [bool(pattern.fullmatch(rule["alert"])) for rule in group["rules"]]
            for group in rules["groups"]
        }

        assert all(dropped["caffewatch_critical"] + dropped["caffewatch_jobs"])
        assert not any(dropped["caffewatch_itself"])


def test_no_file_of_compose_is_left_over() -> None:
    """Each file beside is mounted by a service."""
    sources = {source for service in SERVICES for source, _, _ in mounts(service)}

    beside = {f"./compose/{path.name}" for path in (FOLDER / "compose").iterdir()}

    assert {x for x in sources if fnmatch(x, "./compose/*")} == beside
