"""A job that never finds a readable log is itself an alert."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from caffewatch.config.settings import Alerts, Settings
from caffewatch.service.absence import RULE, Absence
from tests.logs import CaffeLog
from tests.service.conftest import MakeDaemon
from tests.service.harness import NOW, job, settings
from tests.tail.harness import append

AFTER = 30.0


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    """Make the settings of one job."""
    return replace(
        settings(tmp_path, job(tmp_path / "train.log")), alerts=Alerts(missing_after=AFTER)
    )


class TestAbsence:
    def test_fires_after_a_while(self, chosen: Settings) -> None:
        """Once, and says what was wrong."""
        absence, (only,) = Absence(chosen, []), chosen.jobs

        times = [NOW + x for x in (0, AFTER - 1, AFTER, 999)]
        edges = [absence.judge(only, "no such file", x, x) for x in times]

        assert [len(x) for x in edges] == [0, 0, 1, 0]
        (alert,) = edges[2]
        assert (alert.rule, alert.labels["log"]) == (RULE, only.path)
        described = alert.annotations["description"]
        assert described == "For 30 s nothing could be read: no such file."

    def test_resolves_when_there_is_one(self, chosen: Settings) -> None:
        """And fires anew, as another alert, when it is gone for a while again."""
        absence, (only,) = Absence(chosen, []), chosen.jobs
        absence.judge(only, "gone", NOW, NOW)
        (first,) = absence.judge(only, "gone", NOW + AFTER, NOW + AFTER)

        (end,) = absence.judge(only, None, NOW + 400, NOW + 400)

        assert (end.fingerprint, end.state, end.ends_at) == (
            first.fingerprint, "resolved", NOW + 400,
        )  # fmt: skip
        absence.judge(only, "gone", NOW + 500, NOW + 500)
        (second,) = absence.judge(only, "gone", NOW + 500 + AFTER, NOW + 500 + AFTER)
        assert second.fingerprint != first.fingerprint

    def test_a_step_of_the_clock_is_no_while(self, chosen: Settings) -> None:
        """What counts is for how long there was nothing to be read."""
        absence, (only,) = Absence(chosen, []), chosen.jobs
        absence.judge(only, "gone", NOW, NOW)

        early = absence.judge(only, "gone", NOW + 9 * AFTER, NOW + 1)
        (alert,) = absence.judge(only, "gone", NOW - 9 * AFTER, NOW + AFTER)

        assert early == []
        assert alert.starts_at == NOW - 9 * AFTER

    def test_goes_on_after_a_restart(self, chosen: Settings) -> None:
        """What an earlier process told is not told again, and ends."""
        before, (only,) = Absence(chosen, []), chosen.jobs
        before.judge(only, "gone", NOW, NOW)
        told = before.judge(only, "gone", NOW + AFTER, NOW + AFTER)

        absence = Absence(chosen, told)

        assert absence.judge(only, "gone", NOW + 9 * AFTER, NOW + 9 * AFTER) == []
        assert absence.firing == [(only, told)]
        (end,) = absence.judge(only, None, NOW + 10 * AFTER, NOW + 10 * AFTER)
        assert end.state == "resolved"


class TestMetrics:
    def test_a_log_that_comes(
        self, make_daemon: MakeDaemon, healthy: CaffeLog, tmp_path: Path,
        eventually: Callable[..., None],
    ) -> None:  # fmt: skip
        """The first scrape says that there is none, and that it is an alert; then there is one."""
        daemon = make_daemon(alerts={"missing_after": "0s"})
        daemon.start()

        assert daemon.metric("caffewatch_job_logs", training_job="mnist") == 0
        assert daemon.metric("caffewatch_alerts", rule=RULE, severity="warning") == 1

        append(tmp_path / "train.log", healthy.data)

        eventually(lambda: daemon.metric("caffewatch_job_logs") == 1)
        eventually(lambda: daemon.metric("caffewatch_alerts", rule=RULE) == 0)

    def test_a_log_that_is_there(
        self, make_daemon: MakeDaemon, healthy: CaffeLog, tmp_path: Path
    ) -> None:
        """The first scrape after a start knows of it."""
        append(tmp_path / "train.log", healthy.data)
        daemon = make_daemon()
        daemon.start()

        assert daemon.metric("caffewatch_job_logs") == 1
        assert daemon.metric("caffewatch_alerts", rule=RULE) == 0
