from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from signal import SIGHUP

import pytest

from caffewatch.service.notify import ServiceManager
from tests.logs import CaffeLog
from tests.service.conftest import MakeDaemon
from tests.service.manager import Manager, manager
from tests.tail.harness import append


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    """Listen at both kinds of addresses that systemd gives."""
    name = f"@caffewatch-test-{uuid.uuid4().hex}"
    with manager(name if request.param == "abstract" else str(tmp_path / "notify")) as listening:
        yield listening


@pytest.fixture
def nearby(tmp_path: Path) -> Iterator[Manager]:
    """Listen at a path."""
    with manager(str(tmp_path / "notify")) as listening:
        yield listening


class TestMessages:
    def test_ready(self, systemd: Manager) -> None:
        """With a line on how things stand."""
        ServiceManager({"NOTIFY_SOCKET": systemd.address}).ready("3 jobs")

        assert systemd.take() == {"READY": "1", "STATUS": "3 jobs"}

    def test_reloading_has_the_time(self, nearby: Manager) -> None:
        """A reload whose time is not that of now is ignored by systemd 253 and later."""
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000

        ServiceManager({"NOTIFY_SOCKET": nearby.address}).reloading()

        taken = nearby.take()
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        assert taken["RELOADING"] == "1"
        assert before <= int(taken["MONOTONIC_USEC"]) <= after

    def test_without_a_manager(self) -> None:
        """Nothing is sent, and nothing is asked for."""
        silent = ServiceManager({})

        silent.ready("3 jobs")
        silent.beat(lambda: pytest.fail("nobody wants to know"))

    def test_a_manager_that_has_gone(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is said, and the work goes on."""
        ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).stopping()

        assert "systemd was not told STOPPING=1" in caplog.text


class TestBeat:
    def test_a_third_of_what_the_watchdog_allows(self, nearby: Manager) -> None:
        """However often the loop goes round; a late beat still leaves room for another."""
        now = 0.0
        environ = {"NOTIFY_SOCKET": nearby.address, "WATCHDOG_USEC": "30000000"}
        told = ServiceManager(environ, lambda: now)
        beats = []
        for _ in range(25):
            told.beat(lambda: "")
            now += 1.0

        told.stopping()
        while "STOPPING" not in (taken := nearby.take()):
            beats.append(taken)

        assert beats == [{"WATCHDOG": "1"}] * 3

    def test_status_only_when_it_is_new(self, nearby: Manager) -> None:
        """And looked at once a second at most."""
        now = 10.0
        told = ServiceManager({"NOTIFY_SOCKET": nearby.address}, lambda: now)
        told.ready("a")
        told.beat(lambda: "a")
        told.beat(lambda: "b")
        now = 11.0
        told.beat(lambda: "c")

        assert [nearby.take(), nearby.take()] == [{"READY": "1", "STATUS": "a"}, {"STATUS": "c"}]

    @pytest.mark.parametrize(
        "watchdog", [{}, {"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "x"}]
    )
    def test_no_watchdog_of_ours(self, watchdog: dict[str, str], nearby: Manager) -> None:
        """None is set, or it waits for another process."""
        told = ServiceManager({"NOTIFY_SOCKET": nearby.address, **watchdog}, lambda: 5.0)

        told.beat(lambda: "a")

        assert nearby.take() == {"STATUS": "a"}


class TestDaemon:
    def test_its_life(
        self, make_daemon: MakeDaemon, healthy: CaffeLog, tmp_path: Path, systemd: Manager
    ) -> None:
        """Ready once it serves, alive, how things stand, reloading, ready again, stopping."""
        daemon = make_daemon()
        daemon.environ = {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "600000"}
        daemon.start()
        ready = systemd.await_key("READY")
        assert daemon.get("readyz") == "ok\n"
        assert ready["STATUS"] == "1 job, 0 logs, no alert firing"
        systemd.await_key("WATCHDOG")

        healthy.display(100, {"data": "nan"})
        append(tmp_path / "train.log", healthy.data)
        while "no alert" in (status := systemd.await_key("STATUS")["STATUS"]):
            pass
        assert status == "1 job, 1 log, 1 alert firing (1 critical)"

        daemon.send(SIGHUP)
        systemd.await_key("RELOADING")
        assert systemd.await_key("READY")["STATUS"] == status

        daemon.configure(jbos=[])
        daemon.send(SIGHUP)
        systemd.await_key("RELOADING")
        assert systemd.await_key("READY")["STATUS"].endswith("is bad, not in force")

        assert daemon.stop() == 0
        systemd.await_key("STOPPING")
