"""Whatever happens to the files: the daemon reads every line once and finds what is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deliver.web_server import WebServer
from tests.logs import CaffeLog
from tests.patience import PATIENCE
from tests.service.conftest import MakeDaemon
from tests.service.process import OtherRun, edges, sent
from tests.tail.harness import append

Eventually = Callable[..., None]
NAN = {"data": "nan"}


def lines(data: bytes) -> int:
    """Count complete lines."""
    return data.count(b"\n")


class TestRotation:
    def test_a_run_goes_on_in_the_next_file(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path,
        eventually: Eventually,
    ) -> None:  # fmt: skip
        """The file is renamed in mid-run; the nan in its successor belongs to the same run."""
        log = tmp_path / "train.log"
        append(log, healthy.data)
        before = len(healthy.data)
        healthy.display(100)
        healthy.display(110, NAN)
        daemon = make_daemon()
        daemon.start()

        log.rename(tmp_path / "train.log.1")
        append(log, healthy.data[before:])

        assert hook.arrived.wait(PATIENCE)
        eventually(lambda: daemon.metric("caffewatch_lines_total") == lines(healthy.data))
        assert edges(hook) == [("non_finite", "firing")]
        assert daemon.metric("caffe_iteration") == 110
        assert daemon.metric("caffewatch_rotations_total", kind="rotated") == 1

    def test_the_writer_keeps_the_renamed_file(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path
    ) -> None:
        """A tee never reopens: what it writes into the renamed file is seen long before a poll."""
        log = tmp_path / "train.log"
        append(log, healthy.data)
        before = len(healthy.data)
        healthy.display(100, NAN)
        make_daemon().start()

        with log.open("ab") as tee:
            log.rename(tmp_path / "train.log.1")
            log.touch()
            tee.write(healthy.data[before:])

        assert hook.arrived.wait(PATIENCE)

    @pytest.mark.slow
    def test_a_line_cut_by_the_rotation_is_not_glued(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path,
        eventually: Eventually,
    ) -> None:  # fmt: skip
        """The fragment counts as a line by itself, and what follows it is read as it stands."""
        log = tmp_path / "train.log"
        append(log, healthy.data + b"I1123 07:14:46.000000 12345 solver.cpp:218] Iter")
        before = len(healthy.data)
        healthy.display(100, NAN)
        daemon = make_daemon(tail={"events": True, "poll_interval": "200ms"})
        daemon.start()

        log.rename(tmp_path / "train.log.1")
        append(log, healthy.data[before:])

        assert hook.arrived.wait(PATIENCE)
        eventually(lambda: daemon.metric("caffewatch_lines_total") == lines(healthy.data) + 1)
        assert edges(hook) == [("non_finite", "firing")]

    def test_a_restart_in_the_second_file(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path,
        eventually: Eventually,
    ) -> None:  # fmt: skip
        """The run is re-read from its first file, and what is new is still of that run."""
        log = tmp_path / "train.log"
        append(log, healthy.data)
        daemon = make_daemon()
        daemon.start()
        log.rename(tmp_path / "train.log.1")
        before = len(healthy.data)
        healthy.display(100)
        append(log, healthy.data[before:])
        eventually(lambda: daemon.metric("caffe_iteration") == 100)
        daemon.stop()
        before = len(healthy.data)
        healthy.display(110, NAN)

        daemon.start()
        append(log, healthy.data[before:])

        assert hook.arrived.wait(PATIENCE)
        (alert,) = sent(hook)
        assert alert["annotations"]["iteration"] == "110"
        assert daemon.metric("caffe_run_info", net="mlp") == 1

    def test_truncated_and_begun_anew(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path,
        eventually: Eventually,
    ) -> None:  # fmt: skip
        """The new run's nan is told; the first run's alert resolves before it."""
        log = tmp_path / "train.log"
        healthy.display(100, NAN)
        append(log, healthy.data)
        daemon = make_daemon()
        daemon.start()
        assert hook.arrived.wait(PATIENCE)
        fresh = OtherRun.started()
        fresh.display(0, {"ip1": "inf"})

        log.write_bytes(fresh.data)

        eventually(lambda: len(sent(hook)) == 3)
        assert [(x["status"], x["labels"]["layer"]) for x in sent(hook)] == [
            ("firing", "data"), ("resolved", "data"), ("firing", "ip1"),
        ]  # fmt: skip


class TestSeveralLogs:
    def test_a_glob_and_a_new_log(
        self, make_daemon: MakeDaemon, hook: WebServer, tmp_path: Path, eventually: Eventually
    ) -> None:
        """Each log has its own counts; one that appears later is followed without a poll."""
        first, second, third = (CaffeLog.started() for _ in range(3))
        for log in (first, second):
            log.displays(range(0, 30, 10))
        third.display(0, NAN)
        append(tmp_path / "a.log", first.data)
        append(tmp_path / "b.log", second.data)
        daemon = make_daemon(path="*.log")
        daemon.start()
        for name in ("a.log", "b.log"):
            counted = daemon.metric("caffewatch_lines_total", log=str(tmp_path / name))
            assert counted == lines(first.data)

        append(tmp_path / "c.log", third.data)

        assert hook.arrived.wait(PATIENCE)
        (alert,) = sent(hook)
        assert alert["labels"]["log"] == str(tmp_path / "c.log")

    @pytest.mark.slow
    def test_a_log_that_comes_later(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path
    ) -> None:
        """A job whose log is not there says so, is ready all the same, and waits."""
        daemon = make_daemon(path="logs/train.log")
        daemon.start()
        daemon.await_text("no log at")
        assert daemon.get("readyz") == "ok\n"
        healthy.display(100, NAN)
        (tmp_path / "logs").mkdir()

        append(tmp_path / "logs" / "train.log", healthy.data)

        assert hook.arrived.wait(PATIENCE)

    def test_a_link_that_is_led_elsewhere(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path,
        eventually: Eventually,
    ) -> None:  # fmt: skip
        """As glog does with a new file: what that file gets is seen at once."""
        append(tmp_path / "INFO.1", healthy.data)
        (tmp_path / "caffe.INFO").symlink_to("INFO.1")
        daemon = make_daemon(path="caffe.INFO")
        daemon.start()
        fresh = OtherRun.started()
        append(tmp_path / "INFO.2", fresh.data)
        (tmp_path / "swap").symlink_to("INFO.2")
        os.replace(tmp_path / "swap", tmp_path / "caffe.INFO")
        eventually(
            lambda: daemon.metric("caffewatch_lines_total") == lines(healthy.data + fresh.data)
        )
        before = len(fresh.data)
        fresh.display(0, NAN)

        append(tmp_path / "INFO.2", fresh.data[before:])

        assert hook.arrived.wait(PATIENCE)
        assert sent(hook)[0]["labels"]["log"] == str(tmp_path / "caffe.INFO")
