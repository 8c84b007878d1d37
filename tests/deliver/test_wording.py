from __future__ import annotations

from datetime import UTC

import pytest

from caffewatch.deliver.site import Site
from caffewatch.deliver.view import view
from caffewatch.deliver.wording import Wording, default, fill, write
from tests.deliver.samples import STARTED, alert, notification

SITE = Site("https://watch.example/", "https://docs.example/", zone=UTC)
SHOWN = view(notification(), SITE)
TITLE = "🔴 Critical: nan or inf in layer conv1 · imagenet on gpu-07"


class TestDefaults:
    def test_one_alert(self) -> None:
        """The title stands in a phone's notification, the text says the rest."""
        told = view(notification(alert(annotations={"description": "It is nan."})), SITE)

        assert write(Wording(), told).title == TITLE
        assert write(Wording(), told).text.splitlines() == [
            "It is nan.",
            "Where: layer conv1, job imagenet, host gpu-07",
            "Since: iteration 17, 2026-11-23 07:20 UTC",
            "Lately: nan",
            "Do first: Lower base_lr to a tenth.",
            "Then: Then look at the input.",
            "Go back to: lenet_iter_10.solverstate",
            "Log: /data/train.log",
        ]

    def test_several_alerts(self) -> None:
        """A paragraph for each, under its own headline; what they share is in the title."""
        both = view(notification(alert(), alert("crash", ends_at=STARTED + 60)), SITE)

        title, text = write(Wording(), both)
        first, second = text.split("\n\n")

        assert title == TITLE + " (and 1 more)"
        assert first.startswith(
            "🔴 Critical: nan or inf in layer conv1\nconv1's data is nan\nSince"
        )
        assert second.startswith("✅ Resolved: crash in layer conv1\nLasted: 1 min")

    def test_html(self) -> None:
        """What a log says is text there too, and our links are links."""
        evil = view(notification(alert(annotations={"description": "<img src=x>&"})), SITE)

        written = fill("html", "", evil)

        assert "&lt;img src=x&gt;&amp;" in written
        assert "<img" not in written
        assert '<a href="https://docs.example/#non_finite">What it means</a>' in written


class TestOwnTemplates:
    def test_title_and_text(self) -> None:
        """Everything of a message is there to be used."""
        wording = Wording(
            title="[{{ worst.severity }}]\n{{ worst.job }}",
            text="{% for a in alerts %}{{ a.name }} {{ a.labels.x }}{{ a.status_url }}{% endfor %}",
        )

        written = write(wording, SHOWN)

        assert written.title == "[critical] imagenet"
        assert written.text == "nan or inf https://watch.example/jobs/imagenet"

    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            ("{{ worst.nam }}", "line 1 of the template: unknown value 'nam'"),
            ("  {{ worst.labels.team }}", "says nothing"),
            ("{{ worst.layer|abs }}", "TypeError"),
        ],
    )
    def test_one_that_fails(
        self, source: str, reason: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """People are told all the same, in our words, and the log says why."""
        written = write(Wording(title=source, text=source), SHOWN)

        assert written == write(Wording(), SHOWN)
        assert [reason in message for message in caplog.messages] == [True, True]
        assert caplog.messages[0].startswith("receiver hook: its template title")

    def test_the_defaults_are_templates_like_any(self) -> None:
        """They may be copied and changed."""
        wording = Wording(title=default("title"), text=default("text"))

        assert write(wording, SHOWN) == write(Wording(), SHOWN)
