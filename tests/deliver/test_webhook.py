from __future__ import annotations

import json
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from caffewatch.deliver.outcome import Delivered
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.site import Site
from caffewatch.deliver.webhook import WebhookReceiver, WebhookSettings, render
from tests.deliver.samples import alert, notification
from tests.deliver.web_server import WebServer

SITE = Site("https://watch.example/")
PLAIN = WebhookSettings(name="hook", url=Secret("http://127.0.0.1:9/"))
SIGNED = WebhookSettings(name="hook", url=Secret("http://127.0.0.1:9/"), secret=Secret("key"))


class TestRender:
    def test_same_body_and_id_on_every_try(self) -> None:
        """Only time stamp and signature tell two tries apart."""
        first, second = (render(SIGNED, notification(), SITE, now) for now in (1.0, 2.0))

        assert first.body == second.body
        assert first.headers["webhook-id"] == second.headers["webhook-id"] == "cw_1"
        assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]

    def test_unsigned(self) -> None:
        """Without a secret nothing is signed."""
        assert "webhook-signature" not in render(PLAIN, notification(), SITE, 1.0).headers

    @given(st.text(st.characters(exclude_categories=[])))
    def test_any_text_is_valid_json(self, text: str) -> None:
        """Lone surrogates of undecodable logs, NUL bytes and quotes give valid UTF-8 JSON."""
        told = notification(
            alert(labels={"log": text, "training_job": text}, annotations={"summary": text})
        )

        body = render(PLAIN, told, SITE, 1.0).body

        document: Any = json.loads(body.decode())
        assert len(document["alerts"][0]["labels"]["log"]) == len(text)

    def test_endless_text_is_cut(self) -> None:
        """A line of 100 MB in a log does not become a message of 100 MB."""
        told = notification(alert(annotations={"description": "x" * 1_000_000}))

        assert len(render(PLAIN, told, SITE, 1.0).body) < 25_000


class TestSend:
    def test_arrives_signed(self, server: WebServer) -> None:
        """What a real server gets passes the reference library."""
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        settings = WebhookSettings(name="hook", url=Secret(server.url), secret=Secret(secret))
        receiver = WebhookReceiver(settings, SITE)

        outcome = receiver.send(notification(), time.time())
        receiver.close()

        received = server.received[0]
        assert outcome == Delivered()
        assert Webhook(secret).verify(received.body, dict(received.headers))["version"] == "4"
