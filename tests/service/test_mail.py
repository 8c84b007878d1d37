from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from caffewatch.config.settings import Alerts
from caffewatch.service.mail import Mailroom
from tests.deliver.samples import alert
from tests.service.harness import HOOK, NOW, job, settings


class TestMailroom:
    def test_only_the_jobs_receivers_are_told(self, tmp_path: Path) -> None:
        """In the order of the edges, and after group_wait."""
        other = replace(HOOK, name="other")
        chosen = replace(settings(tmp_path), receivers=(HOOK, other), alerts=Alerts(group_wait=5.0))
        wanted = replace(job(tmp_path / "log"), receivers=("other",))

        letters = Mailroom(chosen).letters(wanted, [alert(), alert(ends_at=NOW)], NOW)

        assert [(x.receiver, x.alert.state, x.due_at) for x in letters] == [
            ("other", "firing", NOW + 5), ("other", "resolved", NOW + 5),
        ]  # fmt: skip

    def test_a_job_may_tell_nobody(self, tmp_path: Path) -> None:
        """``receivers: []`` is not the default, which is all."""
        silent = replace(job(tmp_path / "log"), receivers=())

        assert Mailroom(settings(tmp_path)).letters(silent, [alert()], NOW) == []
