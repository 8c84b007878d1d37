from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from caffewatch.config.settings import Alerts
from caffewatch.deliver.alertmanager import AlertmanagerSettings
from caffewatch.deliver.secret import Secret
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

    def test_no_letters_to_those_who_are_told_how_things_stand(self, tmp_path: Path) -> None:
        """An Alertmanager hears of what fires all the time."""
        manager = AlertmanagerSettings(name="am", urls=(Secret("http://127.0.0.1:9/"),))
        chosen = replace(settings(tmp_path), receivers=(HOOK, manager))
        wanted = replace(job(tmp_path / "log"), receivers=("hook", "am"))

        letters = Mailroom(chosen).letters(wanted, [alert()], NOW)

        assert [x.receiver for x in letters] == ["hook"]

    def test_concerns(self, tmp_path: Path) -> None:
        """Alerts out of the state: of this host, of jobs that are still, as the receiver asked."""
        mailroom = Mailroom(settings(tmp_path, job(tmp_path / "log", "imagenet")))
        told = [
            alert(),
            alert(severity="info"),
            alert(labels={"host": "gpu-08"}),
            alert(labels={"training_job": "gone"}),
        ]

        assert [mailroom.concerns("hook", x) for x in told] == [True, False, False, False]
        assert not mailroom.concerns("other", alert())

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
        assert [x.alert.annotations["repeat"] for x in due] == ["3"]
        assert "repeat" not in firing.annotations

    def test_an_interval_of_0_is_never(self, tmp_path: Path) -> None:
        """Some want to hear of a thing once."""
        mailroom = Mailroom(replace(settings(tmp_path), alerts=Alerts(repeat_interval=0.0)))

        assert not mailroom.repeats_any
