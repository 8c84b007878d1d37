from __future__ import annotations

import base64
import hashlib
import random
import re
from collections.abc import Mapping

import pytest

from caffewatch.report import as_html
from tests.logs import DATA, LOSS, CaffeLog, Layer, inner_product, relu
from tests.watched import watch
from tests.web.sights import HOSTILE, Page, exploding


def html(logs: Mapping[str, CaffeLog | bytes], interrupted: bool = False) -> str:
    """Write the report of logs by their names."""
    read = [as_html.take(name, watch(log)) for name, log in logs.items()]
    return as_html.page(read, "0.1.0", interrupted)


def healthy(rate: float = 0.01) -> CaffeLog:
    """Write ten displays."""
    log = CaffeLog.started(base_lr=rate)
    log.displays(range(0, 100, 10))
    return log


def deep(layers: int, displays: int) -> CaffeLog:
    """Write a run of a deep net in which no value is like another."""
    names = [f"inception_4a/3x3_reduce_{n}" for n in range(layers)]
    bottoms = ["data", *names]
    net = [
        layer
        for name, bottom in zip(names, bottoms, strict=False)
        for layer in (inner_product(name, bottom), relu(f"{name}/relu", name))
    ]
    log = CaffeLog.started((DATA, *net, inner_product("score", names[-1]), LOSS))
    numbers = random.Random(1)
    for display in range(displays):
        keys = [key for name in names for key in (name, f"{name}.0", f"d {name}.0")]
        log.display(20 * display, {key: f"{10 ** numbers.uniform(-6, 0):.6g}" for key in keys})
    return log


class TestContent:
    def test_one_run(self) -> None:
        """Verdict first, then findings with evidence and advice, curves and layer maps."""
        page = Page(html({"/logs/train.log": exploding()}))
        text = " ".join(page.text.split())

        assert text.index("critical train.log") < text.index("critical non_finite At iteration 100")
        assert "/logs/train.log critical non_finite" in text
        assert "100: nan" in text
        assert "Stop the job" in text
        assert "Last clean snapshot: net_iter_90.caffemodel" in text
        assert {"log0-run0-chart-loss", "log0-run0-map-gradient"} <= page.ids
        assert "All runs" not in text

    def test_several_runs(self) -> None:
        """One table and one picture of all, and each run for itself behind it."""
        first, second = healthy(0.1), exploding()
        page = Page(html({"a.log": first.data + second.data, "b.log": healthy()}))
        text = " ".join(page.text.split())

        assert {"all-chart-loss", "log0-run0", "log0-run1", "log1-run0"} <= page.ids
        assert all(f"{name} loss" in text for name in ("a.log run 1", "a.log run 2", "b.log"))

    def test_more_runs_than_colours(self) -> None:
        """The last ones are drawn over each other, which is said."""
        text = Page(html({f"{n}.log": healthy() for n in range(8)})).text

        assert "those of the last 6 runs" in text

    def test_many_runs(self) -> None:
        """Those that went wrong have their pictures, then the last ones; the others say so."""
        page = Page(html({"bad.log": exploding(), **{f"{n}.log": healthy() for n in range(14)}}))

        mapped = {x for x in page.ids if x.endswith("map-gradient")}
        charted = {x for x in page.ids if x.endswith("chart-loss")} - {"all-chart-loss"}
        assert mapped == {f"log{n}-run0-map-gradient" for n in (0, 13, 14)}
        assert charted == {f"log{n}-run0-chart-loss" for n in (0, *range(4, 15))}
        assert page.text.count("Its curves and layer maps are not in this report") == 3
        assert page.text.count("Its layer maps are not in this report") == 9

    def test_names_that_are_alike(self) -> None:
        """Logs of one name are told apart by their folders."""
        text = Page(html({"a/train.log": healthy(), "b/train.log": healthy()})).text

        assert "b/train.log loss" in text

    @pytest.mark.parametrize("log", [b"", b"hello\n"])
    def test_no_log_at_all(self, log: bytes) -> None:
        """That is the verdict."""
        assert "no Caffe training log" in Page(html({"train.log": log})).text

    def test_no_logs(self) -> None:
        """Where none could be read there is still a page."""
        assert "0 logs" in Page(html({})).text

    def test_interrupted(self) -> None:
        """A part is not taken for the whole."""
        assert "Interrupted" in Page(html({"train.log": healthy()}, interrupted=True)).text

    def test_the_same_bytes_give_the_same_report(self) -> None:
        """It knows no wall clock."""
        assert html({"a": exploding()}) == html({"a": exploding()})


class TestFile:
    def test_asks_for_nothing(self) -> None:
        """No address leads anywhere but into the file itself."""
        written = html({"a.log": exploding(), "b.log": healthy()})

        assert set(Page(written).resources) <= {"", "data:,"}
        assert all(x.startswith("#") for x in re.findall(r'<a[^>]*href="([^"]*)"', written))
        assert "http" not in written.replace("http-equiv", "")

    def test_policy(self) -> None:
        """Only its own style and script are allowed, by their hashes."""
        written = html({"a.log": exploding()})
        (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', written)

        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        for element in ("style", "script"):
            (text,) = re.findall(rf"<{element}>(.*?)</{element}>", written, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"{element}-src 'sha256-{digest}'" in policy

    def test_ascii(self) -> None:
        """No mail program or terminal can spoil it."""
        log = healthy().data.replace(b'"mlp"', '"größe 网"'.encode())

        written = html({"trä\udcffin.log": log})

        assert written.isascii()
        assert "größe 网" in Page(written).text

    def test_hostile_names(self) -> None:
        """Whatever logs, nets and layers are called, it stays text."""
        evil = '"><script>x()</script>'
        log = CaffeLog.started((Layer(evil, "Data", (), ("data",)),
                                inner_product("<b>fc", "data", 1, 1)))  # fmt: skip
        log.displays((0, 10))
        log.snapshot(10)
        log.display(20, loss="nan", outputs={f"loss{evil}": "nan"})
        data = log.data.replace(b'"mlp"', f'"{evil}"'.encode())

        written = html({HOSTILE: data, "</title><script>": data})

        page = Page(written)
        assert page.tags.count("script") == 1
        assert "<b>fc" not in written
        assert "\u202e" not in page.text
        assert "{{7*7}}" in page.text

    @pytest.mark.slow
    def test_size(self) -> None:
        """A day of a net with 140 layers, of which no two values are alike, can be mailed."""
        assert len(html({"train.log": deep(70, 300)})) < 1_000_000

    @pytest.mark.slow
    def test_size_of_several(self) -> None:
        """Two nets of a thousand layers and one more can be as well."""
        log = deep(500, 60)

        assert len(html({"a.log": log, "b.log": log, "c.log": exploding()})) < 1_000_000
