"""Events in the life of a run, from the log to those who asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.deliver.web_server import WebServer
from tests.logs import CaffeLog
from tests.service.conftest import MakeDaemon
from tests.service.process import edges, sent
from tests.tail.harness import append


class TestEvents:
    def test_told_once_to_those_who_asked(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path,
        eventually: Callable[..., None],
    ) -> None:  # fmt: skip
        """Not to others, and not again after a restart."""
        log = tmp_path / "train.log"
        append(log, healthy.data)
        before = len(healthy.data)
        receiver = {"type": "webhook", "url": hook.url}
        daemon = make_daemon(
            receivers=[
                {"name": "asks", "send_events": ["started", "finished"], **receiver},
                {"name": "other", **receiver},
            ]
        )
        daemon.start()
        eventually(lambda: len(hook.received) == 1)
        daemon.await_settled()
        daemon.stop()
        daemon.start()
        healthy.done()

        append(log, healthy.data[before:])

        eventually(lambda: len(hook.received) == 2)
        daemon.stop()
        assert edges(hook) == [("run_started", "firing"), ("run_finished", "firing")]
        assert sent(hook)[1]["annotations"]["description"].startswith("Iterations 0 to 90 in ")
        assert sent(hook)[1]["labels"]["event"] == "finished"
