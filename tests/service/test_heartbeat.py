from __future__ import annotations

from collections.abc import Callable

from tests.deliver.web_server import WebServer
from tests.service.conftest import MakeDaemon


class TestHeartbeat:
    def test_of_a_daemon(
        self, make_daemon: MakeDaemon, hook: WebServer, eventually: Callable[..., None]
    ) -> None:
        """A daemon that works says so, and counts where nobody listens."""
        hook.answers = [(200, {}, b""), (503, {}, b"")]
        daemon = make_daemon(heartbeat={"url": hook.url, "interval": "1s"})

        daemon.start()

        eventually(lambda: len(hook.received) >= 2)
        assert hook.received[0].method == "GET"
        eventually(lambda: daemon.metric("caffewatch_errors_total", where="heartbeat"))
