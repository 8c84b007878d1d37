from __future__ import annotations

import json
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from caffewatch.deliver.outcome import Delivered
from caffewatch.deliver.receiver import Links
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.webhook import (
    WebhookReceiver,
    WebhookSettings,
    payload,
    render,
    rfc3339,
)
from tests.deliver.samples import STARTED, alert, notification
from tests.deliver.web_server import WebServer

LINKS = Links("https://watch.example/")
PLAIN = WebhookSettings(name="hook", url=Secret("http://127.0.0.1:9/"))
SIGNED = WebhookSettings(name="hook", url=Secret("http://127.0.0.1:9/"), secret=Secret("key"))


class TestPayload:
    def test_one_firing_alert(self) -> None:
        """A firing alert is Alertmanager's document to the letter."""
        nan = alert()

        document = payload(notification(nan), LINKS)

        assert document == {
            "version": "4",
            "groupKey": "ffeeddccbbaa9988",
            "truncatedAlerts": 0,
            "status": "firing",
            "receiver": "hook",
            "groupLabels": {
                "host": "gpu-07", "training_job": "imagenet", "log": "/data/train.log", "run": "1",
            },
            "commonLabels": dict(nan.labels),
            "commonAnnotations": dict(nan.annotations),
            "externalURL": "https://watch.example/",
            "alerts": [
                {
                    "status": "firing",
                    "labels": dict(nan.labels),
                    "annotations": dict(nan.annotations),
                    "startsAt": "2026-11-23T07:20:00.250Z",
                    "endsAt": "0001-01-01T00:00:00Z",
                    "generatorURL": "https://watch.example/jobs/imagenet",
                    "fingerprint": "00112233445566aa",
                }
            ],
        }  # fmt: skip

    def test_resolved(self) -> None:
        """A resolved alert has its end."""
        document = payload(notification(alert(ends_at=STARTED + 60)), LINKS)

        assert document["status"] == document["alerts"][0]["status"] == "resolved"
        assert document["alerts"][0]["endsAt"] == "2026-11-23T07:21:00.250Z"

    def test_both_edges_keep_their_order(self) -> None:
        """What fired and resolved within one read is told as two edges."""
        document = payload(notification(alert(), alert(ends_at=STARTED + 1)), LINKS)

        assert document["status"] == "firing"
        assert [entry["status"] for entry in document["alerts"]] == ["firing", "resolved"]

    def test_common_labels(self) -> None:
        """What differs between the alerts is not common."""
        document = payload(notification(alert(), alert("crash", "warning")), LINKS)

        assert document["commonLabels"]["layer"] == "conv1"
        assert {"alertname", "severity"}.isdisjoint(document["commonLabels"])

    def test_without_external_url(self) -> None:
        """Without an address of ours there are no links."""
        document = payload(notification(), Links())

        assert (document["externalURL"], document["alerts"][0]["generatorURL"]) == ("", "")

    def test_job_names_are_quoted_in_links(self) -> None:
        """A name is one part of a path, whatever it holds."""
        assert LINKS.job("a/../b?c#d") == "https://watch.example/jobs/a%2F..%2Fb%3Fc%23d"


class TestRender:
    def test_same_body_and_id_on_every_try(self) -> None:
        """Only time stamp and signature tell two tries apart."""
        first, second = (render(SIGNED, notification(), LINKS, now) for now in (1.0, 2.0))

        assert first.body == second.body
        assert first.headers["webhook-id"] == second.headers["webhook-id"] == "cw_1"
        assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]

    def test_unsigned(self) -> None:
        """Without a secret nothing is signed."""
        assert "webhook-signature" not in render(PLAIN, notification(), LINKS, 1.0).headers

    @given(st.text(st.characters(exclude_categories=[])))
    def test_any_text_is_valid_json(self, text: str) -> None:
        """Lone surrogates of undecodable logs, NUL bytes and quotes give valid UTF-8 JSON."""
        told = notification(
            alert(labels={"log": text, "training_job": text}, annotations={"summary": text})
        )

        body = render(PLAIN, told, LINKS, 1.0).body

        document: Any = json.loads(body.decode())
        assert len(document["alerts"][0]["labels"]["log"]) == len(text)

    def test_endless_text_is_cut(self) -> None:
        """A line of 100 MB in a log does not become a message of 100 MB."""
        told = notification(alert(annotations={"description": "x" * 1_000_000}))

        assert len(render(PLAIN, told, LINKS, 1.0).body) < 25_000


class TestRfc3339:
    def test_whole_seconds(self) -> None:
        """Every stamp has the same form."""
        assert rfc3339(0.0) == "1970-01-01T00:00:00.000Z"


class TestSend:
    def test_arrives_signed(self, server: WebServer) -> None:
        """What a real server gets passes the reference library."""
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        settings = WebhookSettings(name="hook", url=Secret(server.url), secret=Secret(secret))
        receiver = WebhookReceiver(settings, LINKS)

        outcome = receiver.send(notification(), time.time())
        receiver.close()

        received = server.received[0]
        assert outcome == Delivered()
        assert Webhook(secret).verify(received.body, dict(received.headers))["version"] == "4"
