"""The daemon killed at random moments while logs grow and rotate and the webhook fails by half."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests import soak
from tests.deliver.web_server import WebServer
from tests.service.crash import Crash, Writer

pytestmark = pytest.mark.slow
KILLS = 12


def check(writer: Writer, folder: Path) -> Counter[tuple[str, str]]:
    """Return (rule, severity) of what fires at the end of all that was written to a log."""
    whole = folder / f"whole.{writer.path.name}"
    whole.write_bytes(writer.data)
    command = [sys.executable, "-m", "caffewatch", "check", "--format", "json", str(whole)]
    found = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    findings = json.loads(found.stdout)[0]["runs"][-1]["findings"]
    firing = [x for x in findings if x["state"] == "firing" and x["caused_by"] is None]
    return Counter((x["rule"], x["severity"]) for x in firing)


class TestCrash:
    def test_no_alert_is_lost_and_none_comes_twice(self, tmp_path: Path, hook: WebServer) -> None:
        """Every edge arrives under one id, and none that was not expected; all lines are read."""
        crash = Crash(tmp_path, hook, soak.seed(1))
        try:
            crash.settle()
            crash.daemon.end()
            for _ in range(soak.count("SOAK_KILLS", KILLS)):
                crash.live()
            crash.settle()

            assert set(crash.told()) == crash.expected()
            assert {len(ids) for ids in crash.tried().values()} == {1}
            assert set(crash.tried()) == set(crash.told())
            for writer in crash.writers:
                shown = crash.firing(writer)
                assert shown == check(writer, tmp_path)
        finally:
            crash.daemon.end()

    def test_what_is_read_is_read_once(self, tmp_path: Path, hook: WebServer) -> None:
        """After all the kills the next process finds nothing new, and counts what comes then."""
        crash = Crash(tmp_path, hook, soak.seed(2))
        try:
            crash.settle()
            crash.daemon.end()
            for _ in range(3):
                crash.live()
            crash.settle()
            crash.daemon.end()
            before = sum(x.data.count(b"\n") for x in crash.writers)
            crash.settle()
            assert crash.lines() == 0

            for writer in crash.writers:
                writer.grow()
            crash.finish()

            assert crash.lines() == sum(x.data.count(b"\n") for x in crash.writers) - before
        finally:
            crash.daemon.end()
