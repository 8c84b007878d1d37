"""Text out of a log tries everything at once, on the way through every receiver."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from caffewatch.alert.model import Origin
from caffewatch.alert.notification import Notification
from caffewatch.deliver import alertmanager, slack, webhook
from caffewatch.deliver.apprise import AppriseReceiver, AppriseSettings
from caffewatch.deliver.email import EmailSettings, compose
from caffewatch.deliver.exec import ExecReceiver, ExecSettings
from caffewatch.deliver.http import Request
from caffewatch.deliver.outcome import Delivered
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.site import Site
from caffewatch.monitor import Monitor
from tests.deliver.web_server import WebServer
from tests.deliver.webhook_document import read
from tests.logs import CaffeLog, inner_product

EVIL = (
    "<!channel><!here|x> <@U012AB3CD> @everyone <http://evil.example|click> "
    "http://evil.example www.evil.example <script>alert(1)</script> <img src=x> &amp; *b* `c` "
    "$(touch /tmp/x) `id` ; rm -rf / | cat > x \x1b[31mred\x1b]0;t\x07 \x00 \u202e {{ 7 * 7 }} "
    "{% include 'x' %} \" ' \\ Bcc: x@evil.example"
)
URL = Secret("http://127.0.0.1:9/")
SITE = Site("https://watch.example/", "https://docs.example/")
MENTION = re.compile(r"<!(?!DOCTYPE)\w|<@\w|@everyone|<http|://evil|www\.evil|<script|<img")

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")


@pytest.fixture(scope="module")
def told() -> Notification:
    """Read a log whose layer, path and net are named so, and which turns nan there."""
    log = CaffeLog.started((inner_product(EVIL, "data"),))
    for number in range(0, 40, 10):
        log.display(number)
    log.display(40, {EVIL: "nan"})
    data = log.data.replace(b'name: "mlp"', b'name: "' + EVIL.encode() + b'"')
    monitor = Monitor(Origin("gpu-07", "imagenet", f"/data/{EVIL}\r\nX: y.log", {}))
    alerts = [x for x in monitor.feed(data, 1_795_418_400.0) if x.state == "firing"]
    assert alerts, "the log is meant to fire"
    assert EVIL[:20] in str(alerts[0].labels), "the layer is meant to be named so"
    return Notification("cw_1", "sample", alerts[0].group, tuple(alerts), 1_795_418_400.0)


class TestInjection:
    def test_slack(self, told: Notification) -> None:
        """No angle bracket is left but those of our own links."""
        settings = slack.SlackSettings(name="s", url=URL)
        text = slack.render(settings, told, SITE).body.decode()
        ours = [
            "<https://watch.example/jobs/imagenet|Status page>",
            "<https://docs.example/#non_finite|What it means>",
        ]

        for link in ours:
            assert text.count(link) == 1
            text = text.replace(link, "")
        assert not re.search(r"[<>]|\\u001b|\\u0000|\\u202e", text)
        assert "49" not in json.loads(text)["blocks"][0]["text"]["text"]

    def test_email(self, told: Notification) -> None:
        """No header, no mark-up, no mention, no link but ours."""
        settings = EmailSettings(
            name="m", host="a", sender="a@example.org", recipients=("b@example.org",)
        )
        mail = message_from_bytes(compose(settings, told, SITE).as_bytes(), policy=default)

        assert set(mail.keys()) == {
            "Subject", "From", "To", "Date", "Message-ID", "References", "Auto-Submitted",
            "MIME-Version", "Content-Type",
        }  # fmt: skip
        for kind in ("plain", "html"):
            body = mail.get_body((kind,))
            assert body is not None
            text = body.get_content()
            assert not MENTION.search(text)
            assert not re.search("[\x00\x07\x1b\u202e]", text)

    def test_apprise(self, told: Notification, server: WebServer) -> None:
        """Whatever a service makes of text, there is nothing to make of it."""
        url = Secret(server.url.replace("http", "json", 1))

        outcome = AppriseReceiver(AppriseSettings(name="p", url=url), SITE).send(told, 0.0)

        assert outcome == Delivered()
        sent = json.loads(server.received[0].body)
        assert not MENTION.search(sent["title"] + sent["message"])

    @pytest.mark.parametrize(
        "render",
        [
            lambda told: webhook.render(
                webhook.WebhookSettings(name="w", url=URL), told, SITE, 0.0
            ),
            lambda told: alertmanager.render(URL, told.alerts, SITE, 0.0),
        ],
        ids=["webhook", "alertmanager"],
    )
    def test_programs(self, render: Callable[[Notification], Request], told: Notification) -> None:
        """They get the text as a value of JSON, links that are ours alone, and no controls."""
        request = render(told)
        document = json.loads(request.body)
        (entry, *_) = document if isinstance(document, list) else document["alerts"]

        assert entry["labels"]["layer"].startswith("<!channel>")
        assert entry["generatorURL"] == "https://watch.example/jobs/imagenet"
        values = [*entry["labels"].values(), *entry["annotations"].values()]
        assert not any(CONTROL.search(value) for value in values)
        assert all("\n" not in value for value in request.headers.values())
        if not isinstance(document, list):
            read(request.body)

    def test_exec(self, told: Notification, tmp_path: Path) -> None:
        """Neither arguments nor environment nor a shell see it, only the standard input."""
        code = (
            "import os, sys; from pathlib import Path;"
            "Path(sys.argv[1]).write_text(repr((sys.argv, dict(os.environ))))"
        )
        seen = tmp_path / "seen"
        command = (sys.executable, "-c", code, str(seen))

        outcome = ExecReceiver(ExecSettings(name="x", command=command), SITE).send(told, 0.0)

        assert outcome == Delivered()
        assert "evil" not in seen.read_text()
