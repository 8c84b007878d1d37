"""The dashboards: current, well-formed, and with data in every panel on real logs."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import pytest
import yaml

import dashboards
from caffewatch.demo.player import Player
from tests.deliver.web_server import web_server
from tests.logs import CaffeLog
from tests.monitoring.prometheus import Prometheus, values
from tests.service.process import DaemonProcess

ROOT = Path(__file__).parents[2]
RUNS = ROOT / "tests" / "data" / "runs"
PAGES = {name: json.loads(text) for name, text in dashboards.pages().items()}
PANELS = [
    pytest.param(panel, id=f"{name} {panel['title']}")
    for name, page in PAGES.items()
    for panel in page["panels"]
    if panel["type"] != "row"
]
PATIENCE = 90.0
CHOICE = re.compile(r"\$\{?(\w+)\}?")


class Query(NamedTuple):
    """One query of a panel or annotation."""

    where: str
    text: str
    instant: bool
    is_mark: bool = False


def queries() -> Iterator[Query]:
    """Find what every panel and annotation asks for."""
    for name, page in PAGES.items():
        for panel in page["panels"]:
            for target in panel.get("targets", ()):
                where = f"{name} {panel['title']} {target['refId']}"
                yield Query(where, target["expr"], target.get("instant", False))
        for mark in page["annotations"].get("list", ()):
            yield Query(f"{name} {mark['name']}", mark["expr"], False, is_mark=True)


class TestFiles:
    def test_are_current(self) -> None:
        """What lies in the repository is what the code makes."""
        found = {x.name: x.read_text("utf-8") for x in dashboards.FOLDER.iterdir()}

        assert found == dashboards.pages(), "run `make docs`"

    def test_provisioning(self) -> None:
        """Grafana is told of one data source and of the folder of these files."""
        folder = ROOT / "config" / "grafana" / "provisioning"
        sources = yaml.safe_load((folder / "datasources" / "caffewatch.yaml").read_text())
        boards = yaml.safe_load((folder / "dashboards" / "caffewatch.yaml").read_text())

        assert [x["type"] for x in sources["datasources"]] == ["prometheus"]
        assert [x["type"] for x in boards["providers"]] == ["file"]
        assert boards["providers"][0]["options"]["path"].endswith("/dashboards/caffewatch")


class TestPages:
    @pytest.mark.parametrize("name", PAGES)
    def test_numbers_and_places(self, name: str) -> None:
        """No two panels have the same number, or lie on each other, or beyond the edge."""
        panels = PAGES[name]["panels"]
        cells = [
            (x, y)
            for panel in panels
            if (place := panel["gridPos"])
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]

        assert len({panel["id"] for panel in panels}) == len(panels)
        assert len(set(cells)) == len(cells)
        assert max(x for x, _ in cells) < 24

    @pytest.mark.parametrize("name", PAGES)
    def test_every_choice_is_used(self, name: str) -> None:
        """What is asked of the reader decides what is shown, and nothing else is needed."""
        page = PAGES[name]
        choices = {choice["name"] for choice in page["templating"]["list"]}
        used = set(CHOICE.findall(json.dumps([page["panels"], page["annotations"]])))

        own = {"__rate_interval", "__url_time_range", "__data"}
        assert used - own == choices

    def test_the_way_to_a_run(self) -> None:
        """A link in the overview leads to a dashboard that there is, and sets its choices."""
        text = json.dumps(PAGES["caffe-fleet.json"])
        (link,) = set(re.findall(r'"url": "(/d/[^"]+)"', text))
        target = PAGES[urlsplit(link).path.removeprefix("/d/") + ".json"]

        set_ = set(re.findall(r"var-(\w+)=", link))
        assert set_ == {choice["name"] for choice in target["templating"]["list"]}

    @pytest.mark.parametrize("name", PAGES)
    def test_links_to_the_others(self, name: str) -> None:
        """All dashboards share a tag, by which each links to the others with its choices."""
        (link,) = PAGES[name]["links"]

        assert set(link["tags"]) <= set(PAGES[name]["tags"])
        assert (link["type"], link["includeVars"], link["keepTime"]) == ("dashboards", True, True)


class TestPanels:
    @pytest.mark.parametrize("panel", PANELS)
    def test_says_what_it_shows(self, panel: dict[str, Any]) -> None:
        """Every panel has a description in sentences, and asks the chosen data source."""
        assert panel["description"].endswith(".")
        assert panel["datasource"]["uid"] == "${datasource}"

    @pytest.mark.parametrize("panel", PANELS)
    def test_has_a_unit(self, panel: dict[str, Any]) -> None:
        """Numbers have a unit; states, colours of layers and tables have their own way."""
        defaults = panel["fieldConfig"]["defaults"] if panel["type"] in _NUMBERS else {"unit": ""}

        assert "unit" in defaults


_NUMBERS = {"stat", "timeseries"}


class Watched(NamedTuple):
    """A Prometheus that scrapes a daemon, and the logs that grow meanwhile."""

    prometheus: Prometheus
    logs: tuple[str, ...]
    """The healthy one, then those in which more happens."""


def cut(name: str, share: float) -> bytes:
    """Return the first part of a real log, which ends in mid-training."""
    data = gzip.decompress((RUNS / f"{name}.log.gz").read_bytes())
    end = data.rindex(b"\n", 0, int(share * len(data)))
    return data[: end + 1]


@pytest.fixture(scope="module")
def watched(
    tmp_path_factory: pytest.TempPathFactory, program: Callable[[str, str], str]
) -> Iterator[Watched]:
    """Let three real logs grow, with a snapshot in the first, while all is scraped."""
    folder = tmp_path_factory.mktemp("watched")
    early, snapshot = cut("early_stop_ok", 0.4), CaffeLog()
    snapshot.snapshot(100)
    sources = {
        "healthy": early + snapshot.data + cut("early_stop_ok", 0.8)[len(early) :],
        "failing": cut("r11_008_dies", 1.0),
        "resumed": cut("resume_ok", 0.9),
    }
    players = []
    for name, data in sources.items():
        (folder / f"{name}.source").write_bytes(data)
        players.append(Player(folder / f"{name}.source", folder / f"{name}.log", 40.0))
    path = program("prometheus", "prometheus")
    with web_server() as hook:
        daemon = DaemonProcess(folder, hook.url, "*.log")
        daemon.start()
        prometheus = Prometheus(path, folder, [urlsplit(daemon.url).netloc])
        try:
            for player in players:
                player.start()
            yield Watched(prometheus, tuple(str(folder / f"{name}.log") for name in sources))
        finally:
            prometheus.end()
            daemon.end()
            for player in players:
                player.stop()


@pytest.mark.slow
class TestData:
    @pytest.mark.parametrize("query", list(queries()), ids=lambda query: query.where)
    def test_every_query_has_data(self, watched: Watched, query: Query) -> None:
        """A real Prometheus gives numbers for it, on a real log that grows."""
        logs = watched.logs if query.is_mark else watched.logs[:1]
        deadline = time.monotonic() + PATIENCE

        while not any(answer(watched.prometheus, query, log) for log in logs):
            assert time.monotonic() < deadline, filled(query, logs[0])
            time.sleep(0.5)

    def test_layers_are_in_the_order_of_the_net(self, watched: Watched) -> None:
        """A heat map's rows go from the input to the loss, whatever the layers' names."""
        text = PAGES["caffe-layers.json"]["panels"][2]["targets"][0]["expr"]
        query, log = Query("", text, False), watched.logs[0]
        deadline = time.monotonic() + PATIENCE
        while not answer(watched.prometheus, query, log):
            assert time.monotonic() < deadline, text
            time.sleep(0.5)

        rows = watched.prometheus.over_time(filled(query, log), 180.0, 1.0)

        shown = [row["metric"]["layer"] for row in rows]
        places = {
            one["metric"]["layer"]: float(one["value"][1])
            for one in watched.prometheus.query(f'caffe_layer_position{{log="{log}"}}')
        }
        assert len(shown) > 5
        assert shown == sorted(shown, key=lambda layer: places[layer])
        assert shown != sorted(shown)


def filled(query: Query, log: str) -> str:
    """Put in what the reader would have chosen."""
    chosen = {
        "instance": ".+",
        "training_job": "mnist",
        "log": log,
        "layer": ".+",
        "__rate_interval": "10s",
    }
    return CHOICE.sub(lambda match: chosen[match[1]], query.text)


def answer(prometheus: Prometheus, query: Query, log: str) -> list[float]:
    """Ask as Grafana does."""
    try:
        if query.instant:
            return values(prometheus.query(filled(query, log)))
        return values(prometheus.over_time(filled(query, log), 180.0, 1.0))
    except URLError as error:
        if isinstance(error, HTTPError):
            raise  # it does not understand the query
        return []  # it does not listen as yet
