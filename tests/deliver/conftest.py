from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deliver.web_server import WebServer, web_server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """Run an HTTP server that no proxy stands before."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with web_server() as running:
        yield running
