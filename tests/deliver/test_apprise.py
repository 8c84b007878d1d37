from __future__ import annotations

import json
import logging
import logging.handlers
import sys
from typing import Any

import pytest

from caffewatch.deliver.apprise import AppriseReceiver, AppriseSettings, kind, service
from caffewatch.deliver.outcome import Delivered, Retry
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.site import Site
from caffewatch.deliver.view import view
from tests.deliver.samples import STARTED, alert, notification
from tests.deliver.web_server import WebServer

SITE = Site("https://watch.example/")
HOSTILE = "<!channel> @everyone http://evil.example \\n *bold*"


def receiver(url: str, scheme: str = "json", **more: Any) -> AppriseReceiver:
    """Make a receiver for a service of Apprise's that posts to our server."""
    target = url.replace("http", scheme, 1)
    return AppriseReceiver(AppriseSettings(name="phone", url=Secret(target)), SITE, **more)


def wait_for_end(server: WebServer) -> None:
    """Say nothing until the test is over."""
    server.ended.wait()


class TestSend:
    def test_arrives(self, server: WebServer) -> None:
        """Title, text, how bad it is, and our links."""
        outcome = receiver(server.url).send(notification(), STARTED)

        body = json.loads(server.received[0].body)
        assert outcome == Delivered()
        assert body["title"] == "🔴 Critical: nan or inf in layer conv1 · imagenet on gpu-07"
        assert "Do first: Lower base_lr to a tenth.\n" in body["message"]
        assert body["message"].endswith("Status page: https://watch.example/jobs/imagenet")
        assert body["type"] == "failure"

    def test_a_refusal(self, server: WebServer) -> None:
        """Nobody can tell whether it is final; what Apprise logs, keys and all, stays there."""
        server.answers = [(404, {}, b"hunter2")]
        listener = logging.handlers.BufferingHandler(1000)
        logging.getLogger().addHandler(listener)

        outcome = receiver(server.url).send(notification(), STARTED)
        logging.getLogger().removeHandler(listener)

        assert isinstance(outcome, Retry)
        assert outcome.reason.startswith("the service did not take it: Failed to send JSON")
        assert "404" in outcome.reason
        assert "hunter2" not in outcome.reason
        assert [x for x in listener.buffer if x.name.startswith("apprise")] == []

    def test_nobody_answers(self, server: WebServer) -> None:
        """A service that hangs holds us no longer than the limit, and only one thread waits."""
        server.write = lambda file: wait_for_end(server)
        hanging = receiver(server.url, total_timeout=0.2)

        outcomes = [hanging.send(notification(), STARTED) for _ in range(2)]

        assert outcomes == [
            Retry("no complete answer within 0.2 s"),
            Retry("the try before is still under way"),
        ]

    def test_log_text_is_harmless(self, server: WebServer) -> None:
        """No mention and no link out of a log, whatever the service makes of its text."""
        told = alert(labels={"layer": HOSTILE, "log": HOSTILE}, annotations={"summary": HOSTILE})

        receiver(server.url).send(notification(told), STARTED)

        body = server.received[0].body.decode().replace("https://watch.example", "")
        assert not any(x in body for x in ("<!channel", "!channel", "@everyone", "://"))


class TestKind:
    def test_words(self) -> None:
        """Apprise has four of them."""
        alerts = [
            alert(),
            alert("crash", "warning"),
            alert(severity="info"),
            alert(ends_at=STARTED),
        ]

        kinds = [kind(view(notification(x), SITE).worst) for x in alerts]

        assert kinds == ["failure", "warning", "info", "success"]


class TestService:
    def test_unknown(self) -> None:
        """The URL is not repeated."""
        with pytest.raises(ValueError, match=r"^expected a URL that Apprise knows \(the value"):
            service(Secret("nosuch://hunter2"))

    def test_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The error says what to install."""
        monkeypatch.setitem(sys.modules, "apprise", None)

        with pytest.raises(ValueError, match=r"pip install 'caffewatch\[apprise\]'"):
            service(Secret("json://127.0.0.1/"))
