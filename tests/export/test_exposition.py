from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from caffewatch.export.collector import Collector, CollectorSettings
from caffewatch.export.exposition import exposition
from caffewatch.export.families import LOG_FAMILIES
from caffewatch.export.labels import label_value
from caffewatch.export.service_families import SERVICE_FAMILIES
from caffewatch.export.stats import ServiceStats
from caffewatch.snapshot import BlobValue, LayerHealth, RunSnapshot, Snapshot
from tests.export.scraped import Scraped

PROMETHEUS_ACCEPT = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


def without_process(body: bytes) -> list[bytes]:
    """Leave out what differs from scrape to scrape."""
    return [x for x in body.splitlines() if not x.startswith(b"process_")]


class TestFormats:
    def test_plain_text_for_whoever_asks_for_nothing(self, scraped: Scraped) -> None:
        """Curl and old scrapers get the classic format."""
        content_type, body = exposition(scraped.collector)("")

        assert content_type == "text/plain; version=0.0.4; charset=utf-8"
        assert b"\ncaffe_iteration{" in body
        assert b"_created" not in body

    def test_openmetrics_for_prometheus(self, scraped: Scraped) -> None:
        """Prometheus prefers OpenMetrics, whose parser accepts the answer."""
        content_type, body = exposition(scraped.collector)(PROMETHEUS_ACCEPT)

        names = {family.name for family in parse_openmetrics(body.decode())}

        assert content_type.startswith("application/openmetrics-text; version=1.0.0")
        assert body.endswith(b"# EOF\n")
        assert b"_created" not in body
        assert {"caffe_iteration", "caffewatch_lines", "caffewatch_build_info"} <= names

    @pytest.mark.parametrize("accept", ["", PROMETHEUS_ACCEPT])
    def test_packed_it_is_the_same(self, snapshot: Snapshot, accept: str) -> None:
        """One stream of gzip, in the same format."""
        settings = CollectorSettings("0.1.0", blobs=True)
        render = exposition(Collector(lambda: [snapshot], ServiceStats, settings))
        content_type, body = render(accept)

        packed_type, packed = render(accept, packed=True)

        assert packed_type == content_type
        assert without_process(gzip.decompress(packed)) == without_process(body)

    @pytest.mark.parametrize(
        "accept", ["application/openmetrics-text;version=x", "text/plain;version=", "; = ,"]
    )
    def test_nonsense_gets_plain_text(self, scraped: Scraped, accept: str) -> None:
        """An Accept header that makes no sense is no error."""
        content_type, _ = exposition(scraped.collector)(accept)

        assert content_type.startswith("text/plain")

    @pytest.mark.parametrize("accept", ["", PROMETHEUS_ACCEPT])
    def test_headings_are_the_librarys(self, scraped: Scraped, accept: str) -> None:
        """Every family has its HELP and TYPE, once, also where it has no series."""
        scraped.snapshots = []
        scraped.stats = ServiceStats()

        body = exposition(scraped.collector)(accept)[1].decode()

        suffix = "" if accept else "_total"
        for family in (*LOG_FAMILIES, *SERVICE_FAMILIES):
            name = family.name.removesuffix("_total") + suffix * (family.kind == "counter")
            assert body.count(f"# HELP {name} {family.documentation}\n") == 1
            assert body.count(f"# TYPE {name} {family.kind}\n") == 1

    def test_the_process_is_there_too(self, scraped: Scraped) -> None:
        """Memory and processor time have their usual names."""
        _, body = exposition(scraped.collector)("")

        assert b"process_resident_memory_bytes" in body


class TestPromtool:
    @pytest.fixture
    def check(self, program: Callable[[str, str], str]) -> Callable[[bytes], str]:
        """Return what promtool has to say about a scrape."""
        promtool = program("promtool", "prometheus")

        def run(body: bytes) -> str:
            done = subprocess.run(
                [promtool, "check", "metrics"], input=body, capture_output=True, check=False
            )
            return f"{done.returncode} {done.stdout.decode()}{done.stderr.decode()}"

        return run

    def test_clean(self, scraped: Scraped, check: Callable[[bytes], str]) -> None:
        """The real linter finds nothing wrong with any family."""
        _, body = exposition(scraped.collector)("")

        assert check(body) == "0 "

    def test_hostile_names(
        self, scraped: Scraped, run: RunSnapshot, check: Callable[[bytes], str]
    ) -> None:
        """Text of a log cannot break out of its label, in the eyes of the real parser."""
        evil = 'x"} 1\ncaffe_loss{log="\\\0\udcff\r\u2028'
        layers = (LayerHealth(evil, 1.0, float("nan"), float("inf")),)
        scraped.snapshots = [
            replace(scraped.snapshots[0], run=replace(run, net=evil, layers=layers))
        ]

        _, body = exposition(scraped.collector)("")

        assert check(body) == "0 "

    @pytest.mark.parametrize(
        "loss", [0.1, 1e-45, 3.4e38, float("nan"), float("inf"), -float("inf")]
    )
    @pytest.mark.parametrize("accept", ["", PROMETHEUS_ACCEPT])
    def test_any_number(self, scraped: Scraped, loss: float, accept: str) -> None:
        """Numbers of any size are read as they were, also those that are none."""
        snapshot = scraped.snapshots[0]
        assert snapshot.run is not None
        scraped.snapshots = [replace(snapshot, run=replace(snapshot.run, loss=loss))]

        body = exposition(scraped.collector)(accept)[1].decode()

        parse = parse_openmetrics if accept else parse_text
        (read,) = (x.value for one in parse(body) for x in one.samples if x.name == "caffe_loss")
        assert read == pytest.approx(loss, nan_ok=True)


NAMES = st.text(st.characters(), max_size=20)
FLOATS = st.floats()


class TestAnyLog:
    @given(
        job=NAMES,
        log=NAMES,
        layers=st.lists(st.builds(LayerHealth, NAMES, FLOATS, FLOATS, FLOATS), max_size=4),
        blobs=st.lists(st.builds(BlobValue, NAMES, NAMES, NAMES, NAMES, NAMES, FLOATS), max_size=4),
        loss=FLOATS,
    )
    def test_both_formats_parse(
        self, job: str, log: str, layers: list[LayerHealth], blobs: list[BlobValue], loss: float
    ) -> None:
        """Whatever a log calls its layers, both parsers read as many series as there are."""
        run = RunSnapshot(
            "id", 1, job, log, "running", loss=loss, layers=tuple(layers), blobs=tuple(blobs)
        )
        snapshot = Snapshot(job, log, 1, 1, 0, run, None, None)
        settings = CollectorSettings("0.1.0", blobs=True)
        render = exposition(Collector(lambda: [snapshot], ServiceStats, settings))

        plain = list(parse_text(render("")[1].decode()))
        openmetrics = list(parse_openmetrics(render("application/openmetrics-text")[1].decode()))

        read = {x.labels["layer"] for one in plain for x in one.samples if "weight" in one.name}
        assert read == {label_value(one.layer) for one in layers}
        shown = {one.name: len(one.samples) for one in plain}
        assert shown["caffe_loss"] == 1
        assert shown["caffe_layer_weight_mean_abs"] == len({one.layer for one in layers})
        assert {one.name: len(one.samples) for one in openmetrics} == shown
