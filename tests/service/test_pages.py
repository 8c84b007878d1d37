"""The pages of the real daemon."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.deliver.web_server import WebServer
from tests.service.process import DaemonProcess
from tests.web.sights import Page, exploding

DRAWN = {"log0-chart-loss", "log0-map-gradient"}


class TestPages:
    def test_a_run_that_exploded(
        self, tmp_path: Path, hook: WebServer, eventually: Callable[..., None]
    ) -> None:
        """Its alert, curves and map are served by the process that follows it."""
        (tmp_path / "train.log").write_bytes(exploding().data)
        daemon = DaemonProcess(tmp_path, hook.url)
        try:
            daemon.start()

            index = Page(daemon.get(""))
            # A page does not wait for long where the loop is busy, or held still.
            eventually(lambda: Page(daemon.get("jobs/mnist")).ids >= DRAWN)
            series = json.loads(daemon.get("api/v1/jobs/mnist/series?points=3"))
            alerts = json.loads(daemon.get("api/v1/alerts"))
        finally:
            daemon.end()

        assert "Firing now" in index.text
        assert series["series"][0]["buckets"][-1]["not_finite"] == ["nan"]
        assert [x["rule"] for x in alerts["alerts"]] == ["non_finite"]
