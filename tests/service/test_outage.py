"""Deliveries over the real store, while receivers fail in every way; on a clock of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from caffewatch.alert.model import Alert
from caffewatch.alert.notification import Letter, Notification
from caffewatch.deliver.dispatcher import Dispatcher
from caffewatch.deliver.outcome import Delivered, Outcome, Rejected, Retry
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.site import Site
from caffewatch.deliver.slack import SlackReceiver, SlackSettings
from caffewatch.deliver.worker import Worker
from caffewatch.store.store import Store
from tests.deliver.fake_slack import FakeSlack
from tests.deliver.fakes import Clock
from tests.deliver.samples import STARTED, alert
from tests.deliver.web_server import WebServer, web_server

HOUR, DAY = 3600.0, 86400.0


@dataclass
class Programmed:
    """A receiver whose answer is a function of the notification and the time."""

    answer: Callable[[Notification, float], Outcome]
    name: str = "hook"
    min_interval: float = 0.0
    arrived: list[tuple[str, str, str]] = field(default_factory=list)
    tries: int = 0

    def send(self, notification: Notification, now: float) -> Outcome:
        """Answer, and note what was taken: (run, fingerprint, state)."""
        self.tries += 1
        outcome = self.answer(notification, now)
        if isinstance(outcome, Delivered):
            self.arrived += [
                (notification.group, x.fingerprint, x.state) for x in notification.alerts
            ]
        return outcome

    def close(self) -> None:
        """Do nothing."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open a store."""
    with Store(tmp_path / "state") as made:
        yield made


def edge(run: str, number: int, *, over: bool = False) -> Alert:
    """Make an edge of an alert of a run."""
    made = alert(ends_at=STARTED + number if over else None)
    return replace(made, group=run, fingerprint=f"{run}-{number}")


def write(store: Store, *edges: Alert, at: float = STARTED, receiver: str = "hook") -> None:
    """Commit edges with their letters."""
    store.commit({}, edges, [Letter(receiver, x, at, at) for x in edges])


def run_until(worker: Worker, clock: Clock, end: float, start: float = STARTED) -> None:
    """Step as the dispatcher would, on a clock that only jumps; it looks by itself now and then."""
    clock.now = start
    while clock.now < end:
        wake = worker.step(clock.now)
        clock.now = max(clock.now + 0.05, clock.now + 30.0 if wake is None else wake)


class TestOutage:
    def test_down_for_less_than_a_day(self, store: Store) -> None:
        """Everything arrives when it is back, in order and once; tries are few and far between."""
        back = STARTED + 20 * HOUR
        receiver = Programmed(lambda _, now: Delivered() if now >= back else Retry("down"))
        clock = Clock(STARTED)
        worker = Worker(receiver, store.outbox, clock, lambda: 0.5)
        write(store, edge("a", 1), edge("a", 2))
        run_until(worker, clock, STARTED + HOUR)
        write(store, edge("a", 1, over=True), edge("b", 3), at=clock.now)

        run_until(worker, clock, back + HOUR, clock.now)

        assert [x for x in receiver.arrived if x[0] == "a"] == [
            ("a", "a-1", "firing"), ("a", "a-2", "firing"), ("a", "a-1", "resolved"),
        ]  # fmt: skip
        assert ("b", "b-3", "firing") in receiver.arrived
        assert len(receiver.arrived) == 4
        assert receiver.tries < 20 * 3600 / 60
        assert store.outbox.dead_letters() == []

    def test_down_for_longer(self, store: Store) -> None:
        """What is too old is kept as a dead letter; what came later arrives."""
        back = STARTED + 30 * HOUR
        receiver = Programmed(lambda _, now: Delivered() if now >= back else Retry("down"))
        clock = Clock(STARTED)
        worker = Worker(receiver, store.outbox, clock, lambda: 0.5)
        write(store, edge("a", 1))
        run_until(worker, clock, STARTED + 20 * HOUR)
        write(store, edge("a", 2), at=clock.now)

        run_until(worker, clock, STARTED + 2 * DAY, clock.now)

        assert receiver.arrived == [("a", "a-2", "firing")]
        (dead,) = store.outbox.dead_letters()
        assert dead.notification.alerts[0].fingerprint == "a-1"
        assert dead.reason.startswith("given up after ")
        assert worker.stats.outcomes["expired"] == 1

    def test_a_poisoned_message_blocks_no_other_run(self, store: Store) -> None:
        """While it is tried again and again, other runs' messages go past it."""
        receiver = Programmed(
            lambda told, _: Retry("HTTP 500") if told.group == "bad" else Delivered()
        )
        clock = Clock(STARTED)
        worker = Worker(receiver, store.outbox, clock, lambda: 0.0)
        write(store, edge("bad", 1), edge("good", 2), edge("bad", 3), edge("good", 4))

        run_until(worker, clock, STARTED + 10)

        assert [x[1] for x in receiver.arrived] == ["good-2", "good-4"]
        assert store.outbox.queue_length("hook") == 2

    def test_a_refused_message_blocks_nothing(self, store: Store) -> None:
        """Not even its own run."""
        receiver = Programmed(
            lambda told, _: Rejected("HTTP 400") if "x-1" in _names(told) else Delivered()
        )
        clock = Clock(STARTED)
        worker = Worker(receiver, store.outbox, clock, lambda: 0.0)
        write(store, edge("x", 1))
        run_until(worker, clock, STARTED + 1)
        write(store, edge("x", 2))

        run_until(worker, clock, clock.now + 60, clock.now)

        assert [x[1] for x in receiver.arrived] == ["x-2"]
        assert [x.reason for x in store.outbox.dead_letters()] == ["HTTP 400"]

    def test_an_error_in_rendering_blocks_no_other_run(self, store: Store) -> None:
        """A message that trips the program up is tried until it is too old, then kept."""

        def answer(told: Notification, now: float) -> Outcome:
            if told.group == "bad":
                raise KeyError("rendering")
            return Delivered()

        receiver, clock = Programmed(answer), Clock(STARTED)
        worker = Worker(receiver, store.outbox, clock, lambda: 0.5)
        write(store, edge("bad", 1), edge("good", 2))

        run_until(worker, clock, STARTED + DAY + HOUR)

        assert [x[1] for x in receiver.arrived] == ["good-2"]
        (dead,) = store.outbox.dead_letters()
        assert dead.reason.endswith("internal error (KeyError)")


def _names(told: Notification) -> list[str]:
    return [x.fingerprint for x in told.alerts]


@pytest.mark.slow
class TestSlack:
    @pytest.fixture
    def server(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
        """Run a server that no proxy stands before."""
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with web_server() as running:
            yield running

    def test_a_burst(
        self, store: Store, server: WebServer, eventually: Callable[..., None]
    ) -> None:
        """A hundred alerts of three runs are a message a run, one a second, within all limits."""
        slack = FakeSlack(server)
        settings = SlackSettings(name="slack", url=Secret(server.url))
        dispatcher = Dispatcher([SlackReceiver(settings, Site())], store.outbox)
        write(store, *(edge(f"r{i % 3}", i) for i in range(99)), receiver="slack")

        dispatcher.start()
        eventually(lambda: len(slack.accepted) == 3, 60.0)
        dispatcher.stop(10.0)

        assert slack.refused == []
        assert [x["blocks"][0]["text"]["text"].rpartition("(")[2] for x in slack.accepted] == [
            "and 32 more)"
        ] * 3
        assert store.outbox.queue_length("slack") == 0

    def test_others_post_there_too(
        self, store: Store, server: WebServer, eventually: Callable[..., None]
    ) -> None:
        """A channel that is too busy for us is waited for as long as it says."""
        slack = FakeSlack(server)
        slack.answer(b'{"text": "somebody else"}')
        settings = SlackSettings(name="slack", url=Secret(server.url))
        dispatcher = Dispatcher([SlackReceiver(settings, Site())], store.outbox)
        write(store, edge("a", 1), receiver="slack")

        dispatcher.start()
        eventually(lambda: len(slack.accepted) == 2, 60.0)
        dispatcher.stop(10.0)

        assert slack.refused == ["rate_limited"]
