"""From a line in a log to a real Alertmanager, and what that sends on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.deliver.alertmanager_process import Alertmanager, alertmanager
from tests.deliver.web_server import WebServer, web_server
from tests.deliver.webhook_document import read
from tests.logs import CaffeLog
from tests.patience import PATIENCE
from tests.service.conftest import MakeDaemon
from tests.service.process import OtherRun
from tests.tail.harness import append

pytestmark = pytest.mark.slow

Eventually = Callable[..., None]
NAN = {"data": "nan"}


@pytest.fixture
def forwarded() -> Iterator[WebServer]:
    """Run the receiver of what Alertmanager sends."""
    with web_server() as server:
        yield server


@pytest.fixture
def manager(
    program: Callable[[str, str], str], tmp_path: Path, forwarded: WebServer
) -> Iterator[Alertmanager]:
    """Run an Alertmanager."""
    path = program("prometheus-alertmanager", "prometheus-alertmanager")
    with alertmanager(path, tmp_path, forwarded.url) as running:
        yield running


class TestAlertmanager:
    def test_from_firing_to_resolved(
        self, manager: Alertmanager, forwarded: WebServer, make_daemon: MakeDaemon,
        hook: WebServer, healthy: CaffeLog, tmp_path: Path, eventually: Eventually,
    ) -> None:  # fmt: skip
        """It arrives, outlives a restart of ours, and ends with the run.

        Beside it our own webhook tells the same story in the same words: one schema reads both.
        """
        log = tmp_path / "train.log"
        healthy.display(100, NAN)
        append(log, healthy.data)
        daemon = make_daemon(
            receivers=[
                {"name": "am", "type": "alertmanager", "urls": ["http://127.0.0.1:9", manager.url]},
                {"name": "hook", "type": "webhook", "url": hook.url},
            ]
        )
        daemon.start()
        eventually(lambda: manager.names() == ["non_finite"], PATIENCE)
        eventually(lambda: forwarded.received, PATIENCE)
        daemon.stop()

        daemon.start()
        first = manager.alerts()[0]
        assert (first["status"]["state"], manager.names()) == ("active", ["non_finite"])
        append(log, OtherRun.started().data)

        eventually(lambda: manager.names() == [], PATIENCE)
        eventually(lambda: len(hook.received) == 2, PATIENCE)
        eventually(lambda: len(forwarded.received) == 2, PATIENCE)
        ours = [told for x in hook.received for told in read(x.body)]
        theirs = [told for x in forwarded.received for told in read(x.body)]
        assert [x[:2] for x in ours] == [("non_finite", "firing"), ("non_finite", "resolved")]
        assert ours == theirs
        assert daemon.metric("caffewatch_notifications_total", receiver="am", outcome="retried")
