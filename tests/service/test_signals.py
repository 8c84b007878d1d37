"""How the daemon begins, re-reads its configuration and ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM

import pytest

from tests.deliver.web_server import WebServer, web_server
from tests.logs import CaffeLog
from tests.patience import PATIENCE
from tests.service.conftest import MakeDaemon
from tests.service.process import DaemonProcess, edges
from tests.tail.harness import append

Eventually = Callable[..., None]
RELOAD_OK = "caffewatch_config_last_reload_successful"
TRIES = 5
"""How often a time is taken: a stall of the machine may cost one of them."""


def answers(daemon: DaemonProcess) -> bool:
    """Tell whether the daemon serves."""
    try:
        return daemon.get("readyz") == "ok\n"
    except OSError:
        return False


class TestEnd:
    @pytest.mark.parametrize("number", [SIGTERM, SIGINT])
    def test_ends_at_once(self, number: signal.Signals, make_daemon: MakeDaemon) -> None:
        """Long before the next poll, with 0 and without a traceback."""
        daemon = make_daemon()
        daemon.start()

        daemon.send(number)

        assert daemon.wait() == 0
        assert "Traceback" not in daemon.said

    @pytest.mark.slow
    def test_ends_while_a_receiver_hangs(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path
    ) -> None:
        """A message on its way is not waited for: the next process sends it again."""
        answer = threading.Event()

        def hang(_: object) -> None:
            answer.wait(2 * PATIENCE)

        hook.write = hang
        healthy.display(100, {"data": "nan"})
        append(tmp_path / "train.log", healthy.data)
        daemon = make_daemon()
        daemon.start()
        assert hook.arrived.wait(PATIENCE)

        daemon.send(SIGTERM)

        assert daemon.wait() == 0
        assert "Traceback" not in daemon.said
        hook.write = None
        answer.set()
        hook.arrived.clear()
        daemon.start()
        assert hook.arrived.wait(PATIENCE)
        assert len({x.headers["webhook-id"] for x in hook.received}) == 1

    def test_ends_in_the_midst_of_starting(
        self, make_daemon: MakeDaemon, healthy: CaffeLog, tmp_path: Path
    ) -> None:
        """While old logs are re-read, too."""
        append(tmp_path / "train.log", healthy.data * 400)
        daemon = make_daemon()
        daemon.launch()
        daemon.await_text("following")

        daemon.send(SIGTERM)

        assert daemon.wait() == 0
        assert "Traceback" not in daemon.said


class TestRefusal:
    def test_a_second_daemon_on_the_same_state(
        self, make_daemon: MakeDaemon, tmp_path: Path
    ) -> None:
        """It says who has the folder and what can be done, and ends with 1."""
        first = make_daemon()
        first.start()
        other = tmp_path / "other"
        other.mkdir()
        second = DaemonProcess(other, "http://127.0.0.1:9/", state_dir=str(tmp_path / "state"))
        second.launch()

        code = second.wait()

        assert code == 1
        assert "Traceback" not in second.said
        assert f"(process {first.process.pid})" in second.said
        assert str(tmp_path / "state") in second.said

    def test_a_port_that_is_taken(self, make_daemon: MakeDaemon) -> None:
        """It names the key and the address, and ends with 1."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            listen = f"127.0.0.1:{taken.getsockname()[1]}"
            daemon = make_daemon(web={"listen": listen})
            daemon.launch()

            code = daemon.wait()

        assert code == 1
        assert "Traceback" not in daemon.said
        assert f"web.listen {listen}" in daemon.said
        assert "in use" in daemon.said

    def test_a_state_folder_that_cannot_be_made(self, make_daemon: MakeDaemon) -> None:
        """It names the folder and the reason, and ends with 1."""
        daemon = make_daemon(state_dir="/proc/nowhere/state")
        daemon.launch()

        code = daemon.wait()

        assert code == 1
        assert "Traceback" not in daemon.said
        assert "/proc/nowhere/state" in daemon.said


class TestReload:
    def test_a_good_file_comes_into_force(
        self, make_daemon: MakeDaemon, healthy: CaffeLog, tmp_path: Path, eventually: Eventually
    ) -> None:
        """What is found from now on goes to the new receiver; the log is read on."""
        log = tmp_path / "train.log"
        append(log, healthy.data)
        daemon = make_daemon()
        daemon.start()
        with web_server() as other:
            daemon.configure(receivers=[{"name": "new", "type": "webhook", "url": other.url}])

            daemon.send(SIGHUP)
            eventually(lambda: daemon.said.count("listening on") == 2)
            before = len(healthy.data)
            healthy.display(100, {"data": "nan"})
            append(log, healthy.data[before:])

            assert other.arrived.wait(PATIENCE)
            assert edges(other) == [("non_finite", "firing")]
        assert daemon.stop() == 0

    def test_a_bad_file_changes_nothing(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path,
        eventually: Eventually,
    ) -> None:  # fmt: skip
        """The daemon serves on without a break, says why, and shows it in a metric."""
        log = tmp_path / "train.log"
        append(log, healthy.data)
        daemon = make_daemon()
        daemon.start()
        assert daemon.metric(RELOAD_OK) == 1
        lines = daemon.metric("caffewatch_lines_total")
        daemon.configure(jbos=[])

        daemon.send(SIGHUP)

        eventually(lambda: daemon.metric(RELOAD_OK) == 0)
        assert "jbos" in daemon.said
        assert "stay in force" in daemon.said
        assert daemon.metric("caffewatch_lines_total") == lines
        before = len(healthy.data)
        healthy.display(100, {"data": "nan"})
        append(log, healthy.data[before:])
        assert hook.arrived.wait(PATIENCE)

    def test_another_one_meanwhile(self, make_daemon: MakeDaemon, eventually: Eventually) -> None:
        """The file may have been changed since it was read: it is read once more."""
        daemon = make_daemon()
        daemon.start()
        daemon.send(SIGHUP)
        daemon.await_text("read again")

        daemon.send(SIGHUP)

        eventually(lambda: daemon.said.count("read again") == 2)
        eventually(lambda: daemon.said.count("listening on") == 3)
        assert daemon.stop() == 0

    def test_a_file_with_which_no_daemon_can_be_made(
        self, make_daemon: MakeDaemon, eventually: Eventually
    ) -> None:
        """Its port is taken: the settings before come back into force."""
        daemon = make_daemon()
        daemon.start()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            daemon.configure(web={"listen": f"127.0.0.1:{taken.getsockname()[1]}"})

            daemon.send(SIGHUP)
            eventually(lambda: daemon.said.count("listening on") == 2)

        daemon.url = daemon.said.split("listening on ")[-1].split()[0]
        eventually(lambda: answers(daemon))
        assert daemon.metric(RELOAD_OK) == 0
        assert "stay in force: web.listen" in daemon.said


class TestPages:
    def test_health_readiness_and_metrics(
        self, make_daemon: MakeDaemon, healthy: CaffeLog, tmp_path: Path,
        program: Callable[[str, str], str],
    ) -> None:  # fmt: skip
        """All answer, and Prometheus' own linter has nothing to say about the metrics."""
        promtool = program("promtool", "prometheus")
        append(tmp_path / "train.log", healthy.data)
        daemon = make_daemon(metrics={"blobs": True})
        daemon.start()

        metrics = daemon.get("metrics")
        judged = subprocess.run(
            [promtool, "check", "metrics"], input=metrics, text=True, capture_output=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip

        assert (judged.returncode, judged.stdout, judged.stderr) == (0, "", "")
        assert daemon.get("healthz") == daemon.get("readyz") == "ok\n"

    def test_lines_are_counted_exactly(
        self, make_daemon: MakeDaemon, healthy: CaffeLog, tmp_path: Path, eventually: Eventually
    ) -> None:
        """Within half a second of the line's end; a line without its end does not count."""
        log = tmp_path / "train.log"
        append(log, healthy.data + b"half a li")
        daemon = make_daemon()
        daemon.start()
        count = healthy.data.count(b"\n")
        assert daemon.metric("caffewatch_lines_total") == count

        took = []
        for _ in range(TRIES):
            count += 1001
            append(log, b"ne\n" + b"\xff\x00\n" * 1000)
            began = time.monotonic()
            eventually(lambda count=count: daemon.metric("caffewatch_lines_total") == count)
            took.append(time.monotonic() - began)

        assert min(took) < 0.5
        assert daemon.metric("caffewatch_read_position_bytes") == log.stat().st_size
        assert daemon.metric("caffewatch_read_lag_bytes") == 0
