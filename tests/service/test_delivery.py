"""From a line in a file to the receiver, through the real daemon."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.deliver.web_server import WebServer
from tests.logs import CaffeLog
from tests.patience import PATIENCE
from tests.service.conftest import MakeDaemon
from tests.service.process import OtherRun, edges, sent
from tests.tail.harness import append

Eventually = Callable[..., None]
NAN = {"data": "nan"}
TRIES = 5
"""How often a time is taken: a stall of the machine may cost one of them."""
EVENTS = {"events": True, "poll_interval": "10m"}
POLLING = {"events": False, "poll_interval": "250ms"}


class TestLatency:
    @pytest.mark.parametrize("tail", [EVENTS, POLLING], ids=["events", "polling"])
    def test_a_nan_block_arrives_within_a_second(
        self, tail: dict[str, Any], make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog,
        tmp_path: Path, eventually: Eventually,
    ) -> None:  # fmt: skip
        """The block alone is enough: its Iteration line has not come yet."""
        log = tmp_path / "train.log"
        append(log, healthy.data)
        make_daemon(tail=tail).start()
        told, took = [("non_finite", "firing")], []
        for number in range(TRIES):
            run = CaffeLog.started()
            run.displays(range(0, 30, 10))
            run.block(NAN)

            append(log, run.data.replace(b" 12345 ", b" %d " % (700 + number)))
            began = time.monotonic()
            eventually(lambda number=number: edges(hook).count(told[0]) > number)
            took.append(time.monotonic() - began)

        assert min(took) < 1.0
        ended = [("non_finite", "resolved")]
        expected = sorted(told * TRIES + ended * (TRIES - 1))
        eventually(lambda: sorted(edges(hook)) == expected)

    def test_the_payload_names_the_place(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path
    ) -> None:
        """Labels, annotations and headers arrive as Alertmanager's receivers expect them."""
        healthy.display(100, NAN)
        append(tmp_path / "train.log", healthy.data)
        make_daemon().start()

        assert hook.arrived.wait(PATIENCE)
        body = json.loads(hook.received[0].body)
        (alert,) = body["alerts"]
        assert (body["version"], body["status"], body["receiver"]) == ("4", "firing", "hook")
        assert alert["labels"] | {"run": ""} == {
            "alertname": "non_finite", "severity": "critical", "host": "gpu-07",
            "training_job": "mnist", "log": str(tmp_path / "train.log"), "run": "",
            "layer": "data", "blob": "data", "phase": "forward",
        }  # fmt: skip
        assert alert["annotations"]["iteration"] == "100"
        assert alert["endsAt"] == "0001-01-01T00:00:00Z"
        assert hook.received[0].headers["webhook-id"].startswith("cw_")


class TestResolved:
    def test_a_new_run_resolves_the_alert(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path,
        eventually: Eventually,
    ) -> None:  # fmt: skip
        """Both edges are sent in order, with the same startsAt."""
        log = tmp_path / "train.log"
        healthy.display(100, NAN)
        append(log, healthy.data)
        make_daemon().start()
        assert hook.arrived.wait(PATIENCE)

        append(log, OtherRun.started().data)

        eventually(lambda: len(hook.received) == 2)
        assert edges(hook) == [("non_finite", "firing"), ("non_finite", "resolved")]
        first, second = sent(hook)
        assert first["startsAt"] == second["startsAt"] < second["endsAt"]
        assert first["labels"] == second["labels"]

    def test_says_what_waits_for_nobody(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path
    ) -> None:
        """Whoever renames a receiver is told that alerts were on their way to the old name."""
        hook.answers = [(503, {}, b"")]
        healthy.display(100, NAN)
        append(tmp_path / "train.log", healthy.data)
        daemon = make_daemon()
        daemon.start()
        assert hook.arrived.wait(PATIENCE)
        daemon.end()
        daemon.configure(receivers=[{"name": "new", "type": "webhook", "url": hook.url}])

        daemon.start()

        daemon.await_text("receiver hook is not configured, alerts wait for it: 1")

    def test_a_restart_keeps_when_it_began(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path,
        eventually: Eventually,
    ) -> None:  # fmt: skip
        """The first scrape after a restart shows the alert; nobody is told of it again."""
        log = tmp_path / "train.log"
        healthy.display(100, NAN)
        append(log, healthy.data)
        daemon = make_daemon()
        daemon.start()
        assert hook.arrived.wait(PATIENCE)
        daemon.await_settled()
        daemon.stop()

        daemon.start()

        assert daemon.metric("caffewatch_alerts", rule="non_finite") == 1
        assert daemon.metric("caffewatch_lines_total") == 0
        append(log, OtherRun.started().data)
        eventually(lambda: len(hook.received) == 2)
        first, second = sent(hook)
        assert (first["status"], second["status"]) == ("firing", "resolved")
        assert first["startsAt"] == second["startsAt"]


class TestIgnoreOlder:
    def test_a_log_long_silent_is_shown_and_not_told(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path,
        eventually: Eventually,
    ) -> None:  # fmt: skip
        """Not after a restart either; once it grows again, what is new is told."""
        log = tmp_path / "train.log"
        healthy.display(100, NAN)
        append(log, healthy.data)
        set_age(log, 2400.0)
        daemon = make_daemon(ignore_older="30m")
        daemon.start()
        assert daemon.metric("caffewatch_alerts", rule="non_finite") == 1
        daemon.stop()
        daemon.start()
        assert daemon.metric("caffewatch_alerts", rule="non_finite") == 1

        fresh = OtherRun.started()
        fresh.display(0, {"ip1": "inf"})
        append(log, fresh.data)

        eventually(lambda: hook.received)
        assert [(x["status"], x["labels"]["layer"]) for x in sent(hook)] == [("firing", "ip1")]


class TestSlack:
    def test_a_slack_message_arrives(
        self, make_daemon: MakeDaemon, hook: WebServer, healthy: CaffeLog, tmp_path: Path
    ) -> None:
        """Blocks and a fallback text, with the log's own markup made harmless."""
        hook.answers = [(200, {}, b"ok")]
        healthy.display(100, NAN)
        evil = healthy.data.replace(b'name: "mlp"', b'name: "<!channel> & co"')
        append(tmp_path / "train.log", evil)
        receiver = {"name": "slack", "type": "slack", "url": hook.url}
        make_daemon(receivers=[receiver]).start()

        assert hook.arrived.wait(PATIENCE)
        message = json.loads(hook.received[0].body)
        assert message["blocks"]
        assert "nan" in message["text"]
        assert b"<!channel>" not in hook.received[0].body


def set_age(log: Path, seconds: float) -> None:
    """Make a file look as if it was written so long ago."""
    moment = time.time() - seconds
    os.utime(log, (moment, moment))
