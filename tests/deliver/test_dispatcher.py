from __future__ import annotations

import json
import threading
import time

from caffewatch.alert.model import Alert
from caffewatch.deliver.alertmanager import AlertmanagerSettings
from caffewatch.deliver.dispatcher import Dispatcher
from caffewatch.deliver.registry import RECEIVERS, make_receiver
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.site import Site
from caffewatch.deliver.webhook import WebhookReceiver, WebhookSettings
from tests.deliver.fakes import FakeReceiver
from tests.deliver.outbox import MemoryOutbox
from tests.deliver.samples import alert, notification
from tests.deliver.web_server import WebServer
from tests.patience import PATIENCE


def wait_for(outbox: MemoryOutbox, count: int) -> None:
    """Wait until so many notifications were delivered."""
    with outbox.changed:
        arrived = outbox.changed.wait_for(lambda: len(outbox.done) >= count, PATIENCE)
    assert arrived, f"only {outbox.done} arrived"


class TestDispatcher:
    def test_delivers_what_waits_at_the_start(self) -> None:
        """Messages of an earlier process are sent without a nudge."""
        outbox, receiver = MemoryOutbox(), FakeReceiver()
        outbox.put(notification())
        dispatcher = Dispatcher([receiver], outbox)

        dispatcher.start()
        wait_for(outbox, 1)

        assert dispatcher.stop(PATIENCE)
        assert receiver.sent == ["cw_1"]

    def test_nudge(self) -> None:
        """What is committed later is sent at the nudge, long before a worker looks by itself."""
        outbox, receiver = MemoryOutbox(), FakeReceiver()
        dispatcher = Dispatcher([receiver], outbox)
        dispatcher.start()

        began = time.monotonic()
        for number in range(20):
            outbox.put(notification(id_=f"cw_{number}"))
            dispatcher.nudge()
            wait_for(outbox, number + 1)
        took = time.monotonic() - began

        assert dispatcher.stop(PATIENCE)
        assert took < PATIENCE

    def test_a_slow_receiver_delays_no_other(self) -> None:
        """While one receiver hangs, another gets its messages."""
        release = threading.Event()
        hanging = threading.Event()

        def hang() -> None:
            hanging.set()
            release.wait(PATIENCE)

        outbox = MemoryOutbox()
        slow, quick = FakeReceiver("slow", during=hang), FakeReceiver("quick")
        outbox.put(notification(id_="cw_slow"), "slow")
        outbox.put(notification(id_="cw_quick"), "quick")
        dispatcher = Dispatcher([slow, quick], outbox)

        dispatcher.start()
        assert hanging.wait(PATIENCE)
        wait_for(outbox, 1)
        ended_in_time = dispatcher.stop(0.05)
        release.set()

        assert next(id_ for id_, _ in outbox.done) == "cw_quick"
        assert not ended_in_time
        assert dispatcher.stop(PATIENCE)

    def test_a_level_triggered_receiver(self, server: WebServer) -> None:
        """It is told what fires by a thread for each of its servers, and counted as one."""
        settings = AlertmanagerSettings(name="am", urls=(Secret(server.url), Secret(server.url)))
        receiver = make_receiver(settings, Site())
        asked = []

        def current(name: str, since: float) -> list[Alert]:
            asked.append(name)
            return [alert()]

        dispatcher = Dispatcher([receiver], MemoryOutbox(), current)
        dispatcher.start()
        deadline = time.monotonic() + PATIENCE
        while dispatcher.stats()[0].outcomes["delivered"] < 2:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        dispatcher.nudge()

        assert dispatcher.stop(PATIENCE)
        assert [x.receiver for x in dispatcher.stats()] == ["am"]
        assert set(asked) == {"am"}
        assert [len(json.loads(x.body)) for x in server.received] == [1, 1]

    def test_stop_ends_and_closes(self) -> None:
        """After the stop no thread is left and connections are closed."""
        receiver = FakeReceiver()
        dispatcher = Dispatcher([receiver], MemoryOutbox())
        dispatcher.start()

        stopped = dispatcher.stop(PATIENCE)

        assert stopped
        assert receiver.closed.is_set()
        assert not any(t.name == "deliver-fake" for t in threading.enumerate())

    def test_stop_cuts_short_what_hangs(self) -> None:
        """A receiver that is closed while it sends can end it, and nobody waits for its thread."""
        receiver, sending = FakeReceiver(), threading.Event()

        def hang() -> None:
            sending.set()
            receiver.closed.wait(PATIENCE)

        receiver.during = hang
        outbox = MemoryOutbox()
        outbox.put(notification(), "fake")
        dispatcher = Dispatcher([receiver], outbox)
        dispatcher.start()
        assert sending.wait(PATIENCE)

        dispatcher.stop(0.01)

        assert receiver.closed.is_set()
        wait_for(outbox, 1)

    def test_stop_before_start(self) -> None:
        """A daemon that fails while it starts may stop what never ran."""
        assert Dispatcher([FakeReceiver()], MemoryOutbox()).stop(PATIENCE)

    def test_survives_a_broken_outbox(self) -> None:
        """A worker outlives an outbox that fails for a while."""
        outbox, receiver = MemoryOutbox(broken=True), FakeReceiver()
        dispatcher = Dispatcher([receiver], outbox, jitter=lambda: 0.0)
        dispatcher.start()
        assert outbox.refused.wait(PATIENCE)
        outbox.broken = False
        outbox.put(notification())

        wait_for(outbox, 1)

        assert dispatcher.stop(PATIENCE)

    def test_a_real_webhook(self, server: WebServer) -> None:
        """From the outbox over a socket, with a failure between, under one id."""
        server.answers = [(503, {}, b""), (200, {}, b"")]
        outbox = MemoryOutbox()
        settings = WebhookSettings(name="fake", url=Secret(server.url))
        dispatcher = Dispatcher(
            [make_receiver(settings, Site())], outbox, jitter=lambda: 0.0, clock=time.time
        )
        outbox.put(notification())

        dispatcher.start()
        wait_for(outbox, 1)
        dispatcher.stop(PATIENCE)

        assert [received.headers["webhook-id"] for received in server.received] == ["cw_1", "cw_1"]
        assert dispatcher.stats()[0].outcomes["retried"] == 1


class TestRegistry:
    def test_every_kind_knows_its_name(self) -> None:
        """The name in the configuration leads to the settings that carry it."""
        assert {kind.settings.type: kind for kind in RECEIVERS.values()} == RECEIVERS

    def test_make_receiver(self) -> None:
        """Settings become the receiver that belongs to them, under their name."""
        receiver = make_receiver(WebhookSettings(name="a", url=Secret("http://a/")), Site())

        assert isinstance(receiver, WebhookReceiver)
        assert receiver.name == "a"

    def test_subscription(self) -> None:
        """What a receiver asks for comes from its settings."""
        settings = WebhookSettings(name="a", url=Secret("http://a/"), send_resolved=False)

        subscription = settings.subscription()

        assert (subscription.receiver, subscription.send_resolved) == ("a", False)
