"""A job that never finds a readable log is itself an alert."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from caffewatch.config.settings import Alerts, Settings
from caffewatch.service.absence import RULE, Absence
from tests.service.harness import NOW, job, settings

AFTER = 300.0


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

        edges = [absence.judge(only, "no such file", NOW + x) for x in (0, AFTER - 1, AFTER, 999)]

        assert [len(x) for x in edges] == [0, 0, 1, 0]
        (alert,) = edges[2]
        assert (alert.rule, alert.labels["log"]) == (RULE, only.path)
        assert "no such file" in alert.annotations["description"]

    def test_resolves_when_there_is_one(self, chosen: Settings) -> None:
        """And fires anew, as another alert, when it is gone for a while again."""
        absence, (only,) = Absence(chosen, []), chosen.jobs
        absence.judge(only, "gone", NOW)
        (first,) = absence.judge(only, "gone", NOW + AFTER)

        (end,) = absence.judge(only, None, NOW + 400)

        assert (end.fingerprint, end.state, end.ends_at) == (
            first.fingerprint, "resolved", NOW + 400,
        )  # fmt: skip
        absence.judge(only, "gone", NOW + 500)
        (second,) = absence.judge(only, "gone", NOW + 500 + AFTER)
        assert second.fingerprint != first.fingerprint

    def test_goes_on_after_a_restart(self, chosen: Settings) -> None:
        """What an earlier process told is not told again, and ends."""
        before, (only,) = Absence(chosen, []), chosen.jobs
        before.judge(only, "gone", NOW)
        told = before.judge(only, "gone", NOW + AFTER)

        absence = Absence(chosen, told)

        assert absence.judge(only, "gone", NOW + 9 * AFTER) == []
        assert absence.firing == [(only, told)]
        assert [x.state for x in absence.judge(only, None, NOW + 10 * AFTER)] == ["resolved"]
