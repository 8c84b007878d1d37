"""Every hazard is met twice: with file events and hardly any polling, and by polling alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deliver.web_server import web_server
from tests.hazards.harness import Hazard

TAILS: dict[str, dict[str, Any]] = {
    "events": {"events": True, "poll_interval": "10m"},
    "polling": {"events": False, "poll_interval": "50ms"},
}


@pytest.fixture(params=TAILS)
def hazard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hazard]:
    """Set the stage; end the daemon when the play is over."""
    with web_server() as hook:
        stage = Hazard(tmp_path, hook, TAILS[request.param])
        yield stage
        stage.daemon.end()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave all of this to the long run: every test starts a process or two."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
