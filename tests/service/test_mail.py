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

    def test_tells_again_what_was_told_long_ago(self, tmp_path: Path) -> None:
        """After repeat_interval, as the next repeat; and only those who were told."""
        mailroom = Mailroom(replace(settings(tmp_path), alerts=Alerts(repeat_interval=60.0)))
        firing = alert()
        told = {("hook", firing.fingerprint): (2, NOW)}
        wanted = job(tmp_path / "log")

        early = mailroom.repeats(wanted, [firing], told, NOW + 59)
        due = mailroom.repeats(wanted, [firing], told, NOW + 60)
        never = mailroom.repeats(wanted, [firing], {}, NOW + 60)

        assert (early, [(x.receiver, x.repeat) for x in due], never) == ([], [("hook", 3)], [])

    def test_an_interval_of_0_is_never(self, tmp_path: Path) -> None:
        """Some want to hear of a thing once."""
        mailroom = Mailroom(replace(settings(tmp_path), alerts=Alerts(repeat_interval=0.0)))

        assert not mailroom.repeats_any
