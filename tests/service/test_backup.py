"""What docs/operations.md says of backups."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.deliver.web_server import WebServer
from tests.logs import CaffeLog
from tests.service.conftest import MakeDaemon
from tests.service.process import edges
from tests.tail.harness import append

FIRED = [("non_finite", "firing")]


@pytest.mark.slow
class TestBackup:
    @pytest.mark.parametrize("restored", [True, False])
    def test_a_state_that_was_lost(
        self, restored: bool, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog,
        tmp_path: Path, eventually: Callable[..., None],
    ) -> None:  # fmt: skip
        """With a backup made while the daemon ran nobody is told again; without one they are."""
        healthy.display(100, {"data": "nan"})
        append(tmp_path / "train.log", healthy.data)
        daemon = make_daemon()
        daemon.start()
        eventually(lambda: edges(hook) == FIRED)
        eventually(lambda: daemon.metric("caffewatch_notification_queue_length") == 0)
        state = tmp_path / "state"
        backup = tmp_path / "backup.sqlite"
        with (
            closing(sqlite3.connect(state / "caffewatch.sqlite")) as source,
            closing(sqlite3.connect(backup)) as target,
        ):
            source.backup(target)
        daemon.stop()
        shutil.rmtree(state)
        if restored:
            state.mkdir()
            shutil.copy(backup, state / "caffewatch.sqlite")

        daemon.start()
        healthy.display(110, {"data": "nan"})
        append(tmp_path / "train.log", healthy.data[(tmp_path / "train.log").stat().st_size :])
        position = len(healthy.data)
        eventually(lambda: daemon.metric("caffewatch_read_position_bytes") == position)
        told = FIRED * (1 if restored else 2)
        eventually(lambda: edges(hook) == told)
        code = daemon.stop()

        assert code == 0
        assert edges(hook) == told
