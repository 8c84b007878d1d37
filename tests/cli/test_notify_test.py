from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from caffewatch.cli.main import main
from tests.deliver.mail_server import mail_server
from tests.deliver.web_server import WebServer, web_server
from tests.deliver.webhook_document import read


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """Run a receiver that no proxy stands before."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with web_server() as running:
        yield running


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Name the configuration."""
    return tmp_path / "caffewatch.yaml"


def configure(path: Path, *receivers: dict[str, Any]) -> str:
    """Write a configuration with these receivers; JSON is YAML."""
    job = {"name": "mnist", "path": "train.log"}
    document = {"host": "gpu-07", "jobs": [job], "receivers": receivers, "state_dir": "state"}
    path.write_text(json.dumps(document))
    return str(path)


class TestNotifyTest:
    def test_every_kind_of_receiver(
        self, config: Path, server: WebServer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Each sends as it would send an alert, whatever it asked for."""
        code = "import sys; sys.exit(b'nothing is wrong' not in sys.stdin.buffer.read())"
        with mail_server() as mail:
            file = configure(
                config,
                {"name": "s", "type": "slack", "url": server.url, "min_severity": "critical"},
                {"name": "w", "type": "webhook", "url": server.url, "matchers": ["layer=x"]},
                {"name": "a", "type": "alertmanager", "urls": [server.url]},
                {"name": "x", "type": "exec", "command": [sys.executable, "-c", code]},
                {
                    "name": "m", "type": "email", "host": "127.0.0.1", "port": mail.port,
                    "security": "plain", "from": "a@example.org", "to": ["b@example.org"],
                },
            )  # fmt: skip

            ended = main(["notify-test", "--config", file])

        assert (ended, capsys.readouterr()) == (
            0,
            (
                "s (slack): delivered\nw (webhook): delivered\na (alertmanager): delivered\n"
                "x (exec): delivered\nm (email): delivered\n",
                "",
            ),
        )
        slack, webhook, alertmanager = (x.body for x in server.received)
        assert "nothing is wrong" in json.loads(slack)["text"]
        assert [x[:2] for x in read(webhook)] == [("caffewatch_test", "firing")]
        assert json.loads(alertmanager)[0]["labels"]["alertname"] == "caffewatch_test"
        assert "caffewatch test" in mail.received[0][2]["Subject"]

    def test_some_fail(
        self, config: Path, server: WebServer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It says what came back, and what would become of an alert; never the URL."""
        server.answers = [(404, {}, b"no_service \x1b[31m hook/hunter2"), (503, {}, b"")]
        file = configure(
            config,
            {"name": "gone", "type": "slack", "url": server.url},
            {"name": "busy", "type": "webhook", "url": server.url},
            {"name": "fine", "type": "exec", "command": ["/bin/true"]},
        )

        ended = main(["notify-test", "--config", file])

        shown = capsys.readouterr()
        assert ended == 1
        assert shown.out.splitlines() == [
            "gone (slack): not delivered: HTTP 404: no_service �[31m *** "
            "(an alert would be given up)",
            "busy (webhook): not delivered: HTTP 503 (an alert would be tried again)",
            "fine (exec): delivered",
        ]

    def test_one_of_them(
        self, config: Path, server: WebServer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """By name."""
        file = configure(
            config,
            {"name": "one", "type": "webhook", "url": server.url},
            {"name": "two", "type": "webhook", "url": server.url},
        )

        ended = main(["notify-test", "--config", file, "--receiver", "two"])

        assert (ended, capsys.readouterr().out) == (0, "two (webhook): delivered\n")
        assert len(server.received) == 1

    def test_no_state_is_touched(self, config: Path, tmp_path: Path) -> None:
        """The daemon may run, or never have run."""
        file = configure(config, {"name": "x", "type": "exec", "command": ["/bin/true"]})

        main(["notify-test", "--config", file])

        assert list(tmp_path.iterdir()) == [config]

    @pytest.mark.parametrize(
        ("receivers", "arguments", "wanted"),
        [
            (["hook"], ["--receiver", "hok"], "no receiver has the name 'hok', did you mean hook?"),
            ([], [], "the configuration has no receivers"),
            (["a/b"], [], "receivers[0].name: expected up to 100 letters"),
        ],
    )
    def test_bad_usage(
        self, receivers: list[str], arguments: list[str], wanted: str, config: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        """Says what is wrong, and sends nothing."""
        file = configure(
            config, *({"name": x, "type": "exec", "command": ["/bin/false"]} for x in receivers)
        )

        ended = main(["notify-test", "--config", file, *arguments])

        assert ended == 2
        assert wanted in capsys.readouterr().err
