from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deliver.web_server import WebServer, web_server
from tests.logs import CaffeLog
from tests.service.process import DaemonProcess

MakeDaemon = Callable[..., DaemonProcess]


@pytest.fixture
def hook() -> Iterator[WebServer]:
    """Run a receiver of webhooks."""
    with web_server() as server:
        yield server


@pytest.fixture
def make_daemon(tmp_path: Path, hook: WebServer) -> Iterator[MakeDaemon]:
    """Make daemons that notify the hook; whatever still runs in the end is ended."""
    made: list[DaemonProcess] = []

    def make(**settings: Any) -> DaemonProcess:
        daemon = DaemonProcess(tmp_path, hook.url, **settings)
        made.append(daemon)
        return daemon

    yield make
    for daemon in made:
        daemon.end()


@pytest.fixture
def healthy() -> CaffeLog:
    """Write a run of ten healthy displays."""
    log = CaffeLog.started()
    log.displays(range(0, 100, 10))
    return log
