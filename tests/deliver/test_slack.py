from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from caffewatch.deliver.outcome import Delivered, Rejected, Retry
from caffewatch.deliver.receiver import Links
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.slack import SlackReceiver, SlackSettings, describe, fit, message, render
from tests.deliver.samples import STARTED, alert, notification
from tests.deliver.web_server import WebServer

LINKS = Links("https://watch.example/")
HOSTILE = "<!channel> <@U1> <http://evil|click> & *bold* @here http://evil.example"


def texts(value: Any) -> Iterator[dict[str, Any]]:
    """Find every text object of a message."""
    if isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        if value.get("type") in {"plain_text", "mrkdwn"}:
            yield value
        yield from texts(list(value.values()))


def units(text: str) -> int:
    """Count as JavaScript does."""
    return len(text.encode("utf-16-le")) // 2


class TestDescribe:
    def test_firing(self) -> None:
        """What, where, since when, the value, what to do first and where to go back to."""
        expected = [
            "🔴 critical: nan or inf",
            "conv1's data is nan",
            "Where: host gpu-07, job imagenet, layer conv1, log /data/train.log",
            "Since iteration: 17",
            "Value: nan",
            "Do first: Lower base_lr to a tenth.",
            "Go back to: lenet_iter_10.solverstate",
        ]

        assert describe(alert()).splitlines() == expected

    def test_resolved(self) -> None:
        """What is over needs no advice."""
        told = describe(alert(ends_at=STARTED + 1))

        assert told.startswith("✅ resolved: nan or inf\n")
        assert "Do first" not in told

    def test_unknown_rule(self) -> None:
        """An alert of a rule that is gone after an update is still told."""
        assert describe(alert("old_rule", "warning")).startswith("🟠 warning: old rule\n")


class TestMessage:
    def test_headline_names_the_worst(self) -> None:
        """A burst is one message under its worst alert."""
        told = message(notification(alert("old_rule", "warning"), alert()), LINKS)

        assert told["blocks"][0]["text"]["text"] == (
            "🔴 critical: nan or inf in imagenet (and 1 more)"
        )
        assert told["text"].splitlines()[0] == told["blocks"][0]["text"]["text"]

    def test_link(self) -> None:
        """The one text with markup is our own link."""
        told = message(notification(), LINKS)

        marked = [text["text"] for text in texts(told) if text["type"] == "mrkdwn"]
        assert marked == ["<https://watch.example/jobs/imagenet|Status page>"]

    def test_no_link_without_address(self) -> None:
        """Without an address of ours nothing is marked up."""
        told = message(notification(), Links())

        assert {text["type"] for text in texts(told)} == {"plain_text"}

    def test_a_big_burst(self) -> None:
        """More alerts than blocks: the rest is counted and named."""
        told = message(notification(*[alert("old_rule", "warning")] * 60), LINKS)

        assert len(told["blocks"]) <= 50
        assert told["blocks"][-2]["text"]["text"] == "and 40 more of this run: old rule"

    def test_log_text_is_harmless(self) -> None:
        """No mention, link or markup out of a log, wherever it stands."""
        labels = dict.fromkeys(["host", "training_job", "log", "layer", "blob"], HOSTILE)
        notes = dict.fromkeys(["summary", "advice", "value", "iteration", "snapshot"], HOSTILE)

        told = message(notification(alert(labels=labels, annotations=notes)), Links())

        assert not re.search("[<>]", json.dumps(told))
        assert (told["mrkdwn"], told["unfurl_links"]) == (False, False)

    @given(st.text(st.characters(exclude_categories=[])), st.integers(1, 2000))
    def test_limits(self, text: str, times: int) -> None:
        """Whatever a log holds, and however long, every text is within Slack's limits."""
        long = text * times
        told = notification(
            alert(
                labels={"training_job": long, "layer": long, "log": long},
                annotations={"summary": long, "advice": long, "value": long},
            )
        )

        made = json.loads(render(SETTINGS, told, LINKS).body)

        assert units(made["text"]) <= 40_000
        assert len(made["blocks"]) <= 50
        assert units(made["blocks"][0]["text"]["text"]) <= 150
        assert all(0 < units(found["text"]) <= 3000 for found in texts(made))


class TestFit:
    def test_short(self) -> None:
        """The three characters that Slack gives a meaning are escaped."""
        assert fit("a < b && c > d", 100) == "a &lt; b &amp;&amp; c &gt; d"

    def test_an_escape_is_never_cut(self) -> None:
        """A text of escapes is cut between two of them."""
        assert fit("&" * 10, 13) == "&amp;&amp;…"

    @given(st.text(alphabet="a&<🔴", max_size=60), st.integers(5, 40))
    def test_any_cut(self, text: str, limit: int) -> None:
        """However it is cut: within the limit, no half escape, no half character."""
        made = fit(text, limit)

        assert units(made) <= limit
        assert not re.search("&(?!amp;|lt;)", made)


SETTINGS = SlackSettings(name="slack", url=Secret("http://127.0.0.1:9/"))


class TestSend:
    def test_outcomes(self, server: WebServer) -> None:
        """Slack's own answers: ok, too many, and a hook that was removed."""
        settings = SlackSettings(name="slack", url=Secret(server.url))
        receiver = SlackReceiver(settings, LINKS)
        server.answers = [
            (200, {}, b"ok"),
            (429, {"Retry-After": "7"}, b"rate_limited"),
            (404, {}, b"no_service"),
        ]

        outcomes = [receiver.send(notification(), STARTED) for _ in range(3)]
        receiver.close()

        expected = [
            Delivered(),
            Retry("HTTP 429: rate_limited", 7.0),
            Rejected("HTTP 404: no_service"),
        ]
        assert outcomes == expected
        assert json.loads(server.received[0].body)["blocks"][0]["type"] == "header"
