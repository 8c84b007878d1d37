"""What a daemon gave up on comes back while it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import run
from tests.deliver.web_server import WebServer
from tests.logs import CaffeLog
from tests.service.conftest import MakeDaemon
from tests.service.process import edges
from tests.tail.harness import append


@pytest.mark.slow
class TestRetry:
    def test_a_letter_is_taken_up_by_the_daemon(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path,
        eventually: Callable[..., None],
    ) -> None:  # fmt: skip
        """A refusal is a dead letter; retried from outside, it arrives within the daemon's time."""
        hook.answers = [(404, {}, b"no_service")]
        healthy.display(100, {"data": "nan"})
        append(tmp_path / "train.log", healthy.data)
        daemon = make_daemon()
        daemon.start()

        def listed() -> str:
            return run("dead-letters", "list", "--config", daemon.config).stdout.decode()

        eventually(listed, 30.0)
        assert "why:  HTTP 404: no_service" in listed()
        assert "nan or inf in layer data" in listed()
        hook.answers = [(200, {}, b"ok")]

        retried = run("dead-letters", "retry", "--all", "--config", daemon.config)

        assert retried.returncode == 0
        eventually(lambda: len(hook.received) == 2, 60.0)
        assert edges(hook) == [("non_finite", "firing")] * 2
        ids = {x.headers["webhook-id"] for x in hook.received}
        assert len(ids) == 1
        assert listed() == ""
