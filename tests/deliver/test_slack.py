from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from caffewatch.deliver.outcome import Delivered, Rejected, Retry
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.site import Site
from caffewatch.deliver.slack import SlackReceiver, SlackSettings, fit, message, render
from tests.deliver.samples import STARTED, alert, notification
from tests.deliver.web_server import WebServer

SITE = Site("https://watch.example/")
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


class TestMessage:
    def test_layout(self) -> None:
        """The title as a header, a section for each paragraph, and the title in the fallback."""
        told = message(SETTINGS, notification(alert("old_rule", "warning"), alert()), SITE)

        header, first, second, links = told["blocks"]
        assert header["text"]["text"] == (
            "🔴 Critical: nan or inf in layer conv1 · imagenet on gpu-07 (and 1 more)"
        )
        assert first["text"]["text"].startswith("🔴 Critical: nan or inf in layer conv1\n")
        assert second["text"]["text"].startswith("🟠 Warning: old rule in layer conv1\n")
        assert links["type"] == "context"
        assert told["text"].splitlines()[0] == header["text"]["text"]

    def test_links(self) -> None:
        """The one text with markup is our own links."""
        site = Site("https://watch.example/", "https://docs.example/r", "https://g.example/?a=1|2")

        told = message(SETTINGS, notification(), site)

        marked = [text["text"] for text in texts(told) if text["type"] == "mrkdwn"]
        assert marked == [
            "<https://watch.example/jobs/imagenet|Status page> · "
            "<https://docs.example/r#non_finite|What it means> · "
            "<https://g.example/?a=1%7C2|Grafana>"
        ]

    def test_no_links_without_addresses(self) -> None:
        """Without an address of ours nothing is marked up."""
        told = message(SETTINGS, notification(), Site())

        assert {text["type"] for text in texts(told)} == {"plain_text"}

    def test_a_big_burst(self) -> None:
        """More alerts than blocks: the rest is counted and named."""
        told = message(SETTINGS, notification(*[alert("old_rule", "warning")] * 60), SITE)

        assert len(told["blocks"]) <= 50
        assert told["blocks"][-2]["text"]["text"] == "And 40 more of this run: old rule"

    def test_own_templates(self) -> None:
        """Their text is plain too, and more of it than Slack takes is left out."""
        own = SlackSettings(
            name="slack",
            url=Secret("http://127.0.0.1:9/"),
            title="*{{ worst.job }}* <!here>",
            text="{% for i in range(60) %}{{ i }}\n\n{% endfor %}",
        )

        told = message(own, notification(), Site())

        assert told["blocks"][0]["text"]["text"] == "*imagenet* &lt;!here&gt;"
        assert len(told["blocks"]) <= 50
        assert told["blocks"][-1]["text"]["text"] == "(20 more paragraphs are left out)"

    def test_log_text_is_harmless(self) -> None:
        """No mention, link or markup out of a log, wherever it stands."""
        labels = dict.fromkeys(["host", "training_job", "log", "layer", "blob"], HOSTILE)
        notes = dict.fromkeys(["summary", "advice", "value", "iteration", "snapshot"], HOSTILE)

        told = message(SETTINGS, notification(alert(labels=labels, annotations=notes)), Site())

        assert not re.search("[<>]", json.dumps(told))
        assert (told["mrkdwn"], told["unfurl_links"]) == (False, False)

    @given(st.text(st.characters(exclude_categories=[])), st.integers(1, 2000))
    def test_limits(self, text: str, times: int) -> None:
        """Whatever a log holds, and however long, Slack's own library finds no fault."""
        long = text * times
        told = notification(
            alert(
                labels={"training_job": long, "layer": long, "log": long},
                annotations={"summary": long, "advice": long, "value": long},
            )
        )

        made = json.loads(render(SETTINGS, told, SITE).body)

        assert units(made["text"]) <= 40_000
        assert len(made["blocks"]) <= 50
        assert units(made["blocks"][0]["text"]["text"]) <= 150
        assert all(0 < units(found["text"]) <= 3000 for found in texts(made))
        for block in made["blocks"]:
            parsed = Block.parse(block)
            assert parsed is not None
            parsed.validate_json()


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
        receiver = SlackReceiver(settings, SITE)
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
