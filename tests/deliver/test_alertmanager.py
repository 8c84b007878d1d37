from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from caffewatch.deliver.alertmanager import (
    AHEAD,
    MAX_ALERTS,
    AlertmanagerReceiver,
    AlertmanagerSettings,
    endpoint,
    render,
)
from caffewatch.deliver.outcome import Delivered, Rejected, Retry
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.site import Site
from tests.deliver.samples import STARTED, alert, event, notification
from tests.deliver.web_server import WebServer, web_server

SITE = Site("https://watch.example/")
URL = Secret("http://127.0.0.1:9/")


def receiver(*urls: str) -> AlertmanagerReceiver:
    """Make a receiver for these instances."""
    return AlertmanagerReceiver(
        AlertmanagerSettings(name="am", urls=tuple(map(Secret, urls))), Site()
    )


class TestRender:
    def test_firing(self) -> None:
        """It holds for a few minutes, so that it ends by itself when we do."""
        (posted,) = json.loads(render(URL, [alert()], SITE, STARTED + 60).body)

        assert posted == {
            "labels": dict(alert().labels),
            "annotations": dict(alert().annotations),
            "startsAt": "2026-11-23T07:20:00.250Z",
            "endsAt": "2026-11-23T07:25:00.250Z",
            "generatorURL": "https://watch.example/jobs/imagenet",
        }
        assert AHEAD == 240.0

    def test_resolved(self) -> None:
        """With its end; one before the beginning, by a clock set back, would be refused."""
        ends = [STARTED + 9, STARTED - 9]

        posted = json.loads(render(URL, [alert(ends_at=x) for x in ends], Site(), STARTED).body)

        assert [x["endsAt"] for x in posted] == [
            "2026-11-23T07:20:09.250Z", "2026-11-23T07:20:00.250Z",
        ]  # fmt: skip
        assert "generatorURL" not in posted[0]

    def test_an_event(self) -> None:
        """It lasts as long as it takes to be told over there."""
        (posted,) = json.loads(render(URL, [event()], Site(), STARTED + 90).body)

        assert (posted["startsAt"], posted["endsAt"]) == (
            "2026-11-23T07:20:00.250Z", "2026-11-23T07:24:00.250Z",
        )  # fmt: skip


class TestEndpoint:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("http://am:9093", "http://am:9093/api/v2/alerts"),
            ("http://me:pw@am/prefix/", "http://me:pw@am/prefix/api/v2/alerts"),
            ("http://am/api/v2/alerts", "http://am/api/v2/alerts"),
        ],
    )
    def test_path(self, url: str, expected: str) -> None:
        """The API lies below the instance's own address."""
        assert endpoint(Secret(url)).reveal() == expected


class TestLanes:
    def test_one_for_each_url(self) -> None:
        """Named by their place in the configuration, for the URL may be secret."""
        many = receiver("http://a/", "http://b/")

        assert [lane.name for lane in many.lanes] == ["am urls[0]", "am urls[1]"]
        assert [lane.name for lane in receiver("http://a/").lanes] == ["am"]

    def test_pieces(self, server: WebServer) -> None:
        """Many alerts are posted in pieces; one that is refused holds up no other."""
        server.answers = [(400, {}, b"bad label"), (200, {}, b"")]
        (lane,) = receiver(server.url).lanes
        many = [replace(alert(), fingerprint=str(i)) for i in range(MAX_ALERTS + 1)]

        outcome = lane.post(many, STARTED)
        lane.close()

        assert outcome == Rejected("HTTP 400: bad label")
        assert [len(json.loads(x.body)) for x in server.received] == [MAX_ALERTS, 1]

    def test_a_server_that_is_down_is_left_alone(self, server: WebServer) -> None:
        """The other pieces would only wait for it as long again."""
        server.answers = [(503, {}, b"")]
        (lane,) = receiver(server.url).lanes

        outcome = lane.post([alert()] * (MAX_ALERTS + 1), STARTED)
        lane.close()

        assert (outcome, len(server.received)) == (Retry("HTTP 503"), 1)


class TestSend:
    def test_every_instance_is_told(self, server: WebServer) -> None:
        """One that fails is the outcome, and the others were told all the same."""
        with web_server() as broken:
            broken.answers = [(500, {}, b"")]
            both = receiver(broken.url, server.url)

            outcome = both.send(notification(), time.time())
            both.close()

        assert outcome == Retry("urls[0]: HTTP 500")
        assert server.received[0].path == "/hook/hunter2/api/v2/alerts"
        assert receiver(server.url).send(notification(), time.time()) == Delivered()
