"""``kill -9`` at awkward moments: every alert arrives, and each just once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL

import pytest

from tests.deliver.web_server import WebServer
from tests.logs import CaffeLog
from tests.service.conftest import MakeDaemon
from tests.service.process import edges
from tests.tail.harness import append

Eventually = Callable[..., None]
pytestmark = pytest.mark.slow


@pytest.fixture
def block(healthy: CaffeLog) -> bytes:
    """Return a display that is nan, for the end of the healthy log."""
    before = len(healthy.data)
    healthy.display(100, {"data": "nan"})
    return healthy.data[before:]


class TestKill:
    @pytest.mark.parametrize("delay", [0.0, 0.002, 0.005, 0.01, 0.03, 0.1])
    def test_one_alert_whenever_it_dies(
        self, delay: float, make_daemon: MakeDaemon, hook: WebServer, tmp_path: Path,
        healthy: CaffeLog, block: bytes, eventually: Eventually,
    ) -> None:  # fmt: skip
        """Before the commit, between commit and delivery, or after; two alerts share one id."""
        log = tmp_path / "train.log"
        append(log, healthy.data.removesuffix(block))
        daemon = make_daemon()
        daemon.start()

        append(log, block)
        hook.arrived.wait(delay)
        daemon.stop(SIGKILL)
        daemon.start()

        eventually(lambda: hook.received)
        eventually(lambda: daemon.metric("caffewatch_notification_queue_length") == 0)
        assert set(edges(hook)) == {("non_finite", "firing")}
        assert len({x.headers["webhook-id"] for x in hook.received}) == 1

    def test_killed_while_the_receiver_refuses(
        self, make_daemon: MakeDaemon, hook: WebServer, tmp_path: Path, healthy: CaffeLog,
        block: bytes, eventually: Eventually,
    ) -> None:  # fmt: skip
        """A message that was answered with 500 is sent again by the next process, under its id."""
        hook.answers = [(500, {}, b"no"), (200, {}, b"ok")]
        log = tmp_path / "train.log"
        append(log, healthy.data.removesuffix(block))
        daemon = make_daemon()
        daemon.start()

        append(log, block)
        eventually(lambda: len(hook.received) == 1)
        daemon.stop(SIGKILL)
        daemon.start()

        eventually(lambda: len(hook.received) == 2)
        eventually(lambda: daemon.metric("caffewatch_notification_queue_length") == 0)
        assert edges(hook) == [("non_finite", "firing")] * 2
        assert len({x.headers["webhook-id"] for x in hook.received}) == 1

    def test_killed_again_and_again(
        self, make_daemon: MakeDaemon, hook: WebServer, tmp_path: Path, healthy: CaffeLog,
        block: bytes, eventually: Eventually,
    ) -> None:  # fmt: skip
        """A daemon that never lives for long gets the message out all the same."""
        log = tmp_path / "train.log"
        append(log, healthy.data)
        daemon = make_daemon()
        for delay in (0.2, 0.3, 0.4, 0.5):
            daemon.launch()
            hook.arrived.wait(delay)
            daemon.stop(SIGKILL)

        daemon.start()

        eventually(lambda: hook.received)
        eventually(lambda: daemon.metric("caffewatch_notification_queue_length") == 0)
        assert set(edges(hook)) == {("non_finite", "firing")}
        assert len({x.headers["webhook-id"] for x in hook.received}) == 1
