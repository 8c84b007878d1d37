"""The state's disk fails under the real daemon, or its file is lost."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL

import pytest

from tests.deliver.web_server import WebServer
from tests.logs import CaffeLog
from tests.service.conftest import MakeDaemon
from tests.service.process import DaemonProcess, OtherRun, edges
from tests.store.faults import checkpoint
from tests.tail.harness import append

Eventually = Callable[..., None]
ROOM = 8192
"""Bytes: more than the daemon's own log, less than a transaction takes."""


def fill_disk(daemon: DaemonProcess) -> None:
    """Let no file of the daemon grow any more: what a full disk is to it."""
    _, most = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (ROOM, most))


def make_room(daemon: DaemonProcess) -> None:
    """Let files grow again."""
    _, most = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (most, most))


@pytest.fixture
def bad() -> bytes:
    """Write a second run, which is nan from its beginning."""
    run = OtherRun.started()
    run.display(0, {"data": "nan"})
    return run.data


@pytest.fixture
def daemon(make_daemon: MakeDaemon, healthy: CaffeLog, tmp_path: Path) -> DaemonProcess:
    """Start a daemon on a healthy log."""
    append(tmp_path / "train.log", healthy.data)
    made = make_daemon()
    made.start()
    return made


def store_errors(daemon: DaemonProcess) -> float:
    """Return how often the state could not be saved."""
    count = daemon.metric("caffewatch_errors_total", where="store")
    assert count is not None
    return count


def queue_length(daemon: DaemonProcess) -> float | None:
    """Return how many letters wait."""
    return daemon.metric("caffewatch_notification_queue_length")


def ids(hook: WebServer) -> list[str]:
    """Return the id of every message that came."""
    return [x.headers["webhook-id"] for x in list(hook.received)]


class TestFullDisk:
    def test_alerts_arrive_all_the_same(
        self, daemon: DaemonProcess, hook: WebServer, bad: bytes, tmp_path: Path,
        eventually: Eventually,
    ) -> None:  # fmt: skip
        """Once; with room again the state is saved, and the next process tells nobody."""
        fill_disk(daemon)
        append(tmp_path / "train.log", bad)
        eventually(lambda: hook.received)
        eventually(lambda: store_errors(daemon) >= 2)
        assert daemon.get("healthz")
        assert "state not saved, going on in memory" in daemon.said

        make_room(daemon)
        daemon.await_text("state saved again")
        eventually(lambda: queue_length(daemon) == 0)
        daemon.stop(SIGKILL)
        daemon.start()

        append(tmp_path / "train.log", OtherRun.started().data.replace(b" 12346 ", b" 7 "))
        eventually(lambda: len(hook.received) == 2)
        assert edges(hook) == [("non_finite", "firing"), ("non_finite", "resolved")]

    def test_killed_meanwhile(
        self, daemon: DaemonProcess, hook: WebServer, bad: bytes, tmp_path: Path,
        eventually: Eventually,
    ) -> None:  # fmt: skip
        """What was told and could not be saved is told again, under the same id."""
        fill_disk(daemon)
        append(tmp_path / "train.log", bad)
        eventually(lambda: hook.received)
        daemon.stop(SIGKILL)

        daemon.start()

        eventually(lambda: len(hook.received) == 2)
        assert len(set(ids(hook))) == 1


@pytest.mark.slow
class TestLostFile:
    @pytest.mark.parametrize("garbage", [None, b"", b"no database at all" * 20_000])
    def test_is_written_anew(
        self, daemon: DaemonProcess, hook: WebServer, bad: bytes, tmp_path: Path,
        eventually: Eventually, garbage: bytes | None,
    ) -> None:  # fmt: skip
        """Removed (None), emptied or overwritten: the next process knows what was told."""
        append(tmp_path / "train.log", bad)
        eventually(lambda: hook.received)
        eventually(lambda: queue_length(daemon) == 0)
        path = tmp_path / "state" / "caffewatch.sqlite"
        checkpoint(path)
        if garbage is None:
            path.unlink()
        else:
            path.write_bytes(garbage)
        daemon.await_text("state saved again")
        assert store_errors(daemon) == 1
        daemon.stop(SIGKILL)

        daemon.start()

        assert daemon.metric("caffewatch_alerts", rule="non_finite") == 1
        append(tmp_path / "train.log", OtherRun.started().data.replace(b" 12346 ", b" 7 "))
        eventually(lambda: len(hook.received) == 2)
        assert edges(hook) == [("non_finite", "firing"), ("non_finite", "resolved")]
