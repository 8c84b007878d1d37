from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from caffewatch.deliver.heartbeat import Heartbeat, HeartbeatSettings
from caffewatch.deliver.secret import Secret
from tests.deliver.web_server import WebServer
from tests.patience import PATIENCE

Eventually = Callable[..., None]


def heartbeat(url: str, alive: Callable[[], bool] = lambda: True, **more: object) -> Heartbeat:
    """Make a heartbeat, once a second."""
    settings = HeartbeatSettings(url=Secret(url), interval=1.0, **more)  # type: ignore[arg-type] # given by name
    return Heartbeat(settings, alive, lambda: 0.0)


class TestBeat:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_a_call(self, method: str, server: WebServer) -> None:
        """As the switch wants it, with an empty body."""
        beating = heartbeat(server.url, method=method)

        beating.beat()

        (received,) = server.received
        assert (received.method, received.path, received.body) == (method, "/hook/hunter2", b"")
        assert beating.failures == 0

    def test_a_loop_that_stands_still(
        self, server: WebServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Then nothing is said, so that somebody comes to look; our log says it once."""
        alive = [True, False, False, True]
        beating = heartbeat(server.url, lambda: alive.pop(0))

        with caplog.at_level(logging.INFO):
            for _ in range(4):
                beating.beat()

        assert len(server.received) == 2
        assert beating.failures == 0
        assert caplog.messages == [
            "heartbeat: withheld: the processing loop stands still",
            "heartbeat: well again",
        ]

    def test_a_switch_that_fails(self, server: WebServer, caplog: pytest.LogCaptureFixture) -> None:
        """Each failure counts; a change is logged once, without the URL."""
        server.answers = [
            (500, {}, b""), (500, {}, b""), (500, {}, b""), (404, {}, b"hook/hunter2"),
            (200, {}, b""),
        ]  # fmt: skip
        beating = heartbeat(server.url)

        with caplog.at_level(logging.INFO):
            for _ in range(6):
                beating.beat()

        assert beating.failures == 4
        assert caplog.messages == [
            "heartbeat: HTTP 500",
            "heartbeat: HTTP 404: ***",
            "heartbeat: well again",
        ]


class TestThread:
    def test_goes_on_until_it_is_stopped(self, server: WebServer, eventually: Eventually) -> None:
        """The first call comes at once, the next a second later; an error of ours ends nothing."""
        answers = [True]

        def alive() -> bool:
            if not answers:
                answers.append(True)
                raise KeyError("hunter2")
            answers.pop()
            return True

        beating = heartbeat(server.url, alive)
        beating.start()
        eventually(lambda: len(server.received) >= 2)
        beating.stop(PATIENCE)

        assert beating.failures >= 1

    def test_stop_before_start(self, server: WebServer) -> None:
        """A daemon that fails while it starts may stop what never ran."""
        heartbeat(server.url).stop(1.0)

        assert server.received == []
