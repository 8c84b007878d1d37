from __future__ import annotations

import logging
import math

import pytest

from caffewatch.deliver.outcome import Outcome, Rejected, Retry
from caffewatch.deliver.worker import MAX_AGE, SHORTEST_WAIT, Worker
from tests.deliver.fakes import Clock, FakeReceiver
from tests.deliver.outbox import MemoryOutbox
from tests.deliver.samples import STARTED, notification

NOW = STARTED + 10.0


class Bench:
    """A worker with everything around it, and no jitter."""

    def __init__(self, *outcomes: Outcome | Exception, min_interval: float = 0.0) -> None:
        self.receiver = FakeReceiver(outcomes=list(outcomes), min_interval=min_interval)
        self.outbox = MemoryOutbox()
        self.clock = Clock(NOW)
        self.worker = Worker(self.receiver, self.outbox, self.clock, lambda: 0.0)

    def step(self, now: float) -> float | None:
        """Step at a time, at which the try ends too."""
        self.clock.now = now
        return self.worker.step(now)


class TestDelivery:
    def test_nothing_waits(self) -> None:
        """An empty outbox needs no further step."""
        assert Bench().step(NOW) is None

    def test_delivered(self) -> None:
        """What is delivered leaves the outbox, and the next step may come at once."""
        bench = Bench()
        bench.outbox.put(notification())

        wake = bench.step(NOW)

        assert (wake, bench.outbox.done) == (NOW, [("cw_1", NOW)])

    def test_what_is_under_way_waits(self) -> None:
        """For as long as the receiver takes for it, the queue is not empty."""
        bench, lengths = Bench(), list[int]()
        bench.receiver.during = lambda: lengths.append(bench.worker.stats.queue_length)
        bench.outbox.put(notification())

        bench.step(NOW)

        assert (lengths, bench.worker.stats.queue_length) == ([1], 0)

    def test_one_a_step(self) -> None:
        """A step tries one notification, in the order of the outbox."""
        bench = Bench()
        for id_ in ("cw_1", "cw_2"):
            bench.outbox.put(notification(id_=id_))

        bench.step(NOW)
        first = list(bench.receiver.sent)
        bench.step(NOW)

        assert (first, bench.receiver.sent) == (["cw_1"], ["cw_1", "cw_2"])

    def test_waits_until_due(self) -> None:
        """What is due later is the time of the next step."""
        bench = Bench()
        bench.outbox.put(notification(), at=NOW + 5)

        assert bench.step(NOW) == NOW + 5

    def test_never_spins(self) -> None:
        """An outbox that has something due but gives nothing out is asked again a little later."""
        bench = Bench()
        bench.outbox.put(notification(), at=NOW - 5)
        bench.outbox.claim = lambda receiver, now: None  # type: ignore[method-assign] # held back

        assert bench.step(NOW) == NOW + SHORTEST_WAIT

    def test_rejected(self) -> None:
        """A refusal is a dead letter at once."""
        bench = Bench(Rejected("HTTP 404: no_service"))
        bench.outbox.put(notification())

        bench.step(NOW)

        assert bench.outbox.dead_letters == [("cw_1", "HTTP 404: no_service", NOW)]


class TestRetry:
    def test_backs_off(self) -> None:
        """A failure is tried again after at least a second."""
        bench = Bench(Retry("busy"))
        bench.outbox.put(notification())

        bench.step(NOW)
        waiting = bench.outbox.waiting["cw_1"]

        assert (waiting.next_try, waiting.attempts, waiting.error) == (NOW + 1.0, 1, "busy")

    def test_retry_after_holds_the_whole_receiver(self) -> None:
        """Who asks to be left alone is left alone, by other runs' messages too."""
        bench = Bench(Retry("HTTP 429", 30.0))
        for id_ in ("cw_1", "cw_2"):
            bench.outbox.put(notification(id_=id_))

        wakes = [bench.step(NOW), bench.step(NOW + 29.0), bench.step(NOW + 30.0)]

        assert wakes == [NOW + 30.0, NOW + 30.0, NOW + 30.0]
        assert bench.receiver.sent == ["cw_1", "cw_1"]

    def test_a_clock_set_back_ends_a_pause(self) -> None:
        """An hour that comes twice does not silence a receiver for an hour."""
        bench = Bench(Retry("HTTP 429", 30.0))
        bench.outbox.put(notification(id_="cw_1"))
        bench.step(NOW)
        bench.outbox.put(notification(id_="cw_2"))

        bench.step(NOW - 3600.0)

        assert bench.receiver.sent == ["cw_1", "cw_2"]

    def test_min_interval(self) -> None:
        """Slack takes one message a second."""
        bench = Bench(min_interval=1.0)
        for id_ in ("cw_1", "cw_2"):
            bench.outbox.put(notification(id_=id_))

        wakes = [bench.step(NOW), bench.step(NOW + 0.5), bench.step(NOW + 1.0)]

        assert wakes == [NOW + 1.0, NOW + 1.0, NOW + 2.0]
        assert [when for _, when in bench.outbox.done] == [NOW, NOW + 1.0]

    def test_past_the_age_limit(self) -> None:
        """A failure past the age limit is the last one."""
        bench = Bench(Retry("busy"), Retry("busy"))
        bench.outbox.put(notification())

        bench.step(STARTED)
        bench.step(STARTED + MAX_AGE)

        assert bench.outbox.dead_letters == [
            ("cw_1", "given up after 2 tries in 24.0 h: busy", STARTED + MAX_AGE)
        ]

    def test_old_when_first_tried(self) -> None:
        """What waited while the daemon was off has its whole time from the first try."""
        bench = Bench(Retry("busy"), Retry("busy"), Retry("busy"))
        bench.outbox.put(notification())
        first = STARTED + 10 * MAX_AGE

        bench.step(first)
        bench.step(first + MAX_AGE - 1)
        alive = list(bench.outbox.waiting)
        bench.step(first + MAX_AGE)

        assert alive == ["cw_1"]
        assert [id_ for id_, _, _ in bench.outbox.dead_letters] == ["cw_1"]


class TestErrors:
    def test_exception_of_the_receiver(self, caplog: pytest.LogCaptureFixture) -> None:
        """A bug in rendering is a failed try, counted, and logged without its text."""
        bench = Bench(KeyError("https://hooks.example/hunter2"))
        bench.outbox.put(notification())

        bench.step(NOW)

        assert bench.outbox.waiting["cw_1"].error == "internal error (KeyError)"
        assert bench.worker.stats.errors == 1
        assert "hunter2" not in caplog.text
        assert "KeyError" in caplog.text

    def test_exception_of_the_outbox(self, caplog: pytest.LogCaptureFixture) -> None:
        """An outbox that fails is asked again later, and its trouble is counted."""
        bench = Bench()
        bench.outbox.broken = True
        bench.outbox.put(notification())

        wake = bench.step(NOW)
        bench.outbox.broken = False
        bench.step(NOW + 1.0)

        assert wake == NOW + 1.0
        assert (bench.worker.stats.errors, bench.outbox.done) == (1, [("cw_1", NOW + 1.0)])
        assert "/secret/place" not in caplog.text

    def test_what_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        """A failed try names receiver, message, reason and the next try."""
        bench = Bench(Retry("HTTP 503"))
        bench.outbox.put(notification())

        with caplog.at_level(logging.WARNING):
            bench.step(NOW)

        assert caplog.messages == ["receiver fake, cw_1: HTTP 503; next try in 1 s"]


class TestStats:
    def test_before_anything(self) -> None:
        """Every outcome is there from the beginning, at 0."""
        stats = Bench().worker.stats

        assert stats.outcomes == {"delivered": 0, "retried": 0, "rejected": 0, "expired": 0}
        assert (stats.errors, stats.queue_length, stats.delay_sum) == (0, 0, 0.0)

    def test_counts(self) -> None:
        """Every try counts by what came of it; what still waits is the queue."""
        bench = Bench(Retry("busy"), Rejected("no"))
        for id_ in ("cw_1", "cw_2", "cw_3", "cw_4"):
            bench.outbox.put(notification(id_=id_))
            bench.outbox.waiting[id_].next_try = NOW

        for _ in range(3):
            bench.step(NOW)
        stats = bench.worker.stats

        assert stats.outcomes == {"delivered": 1, "retried": 1, "rejected": 1, "expired": 0}
        assert stats.queue_length == 2

    def test_delays(self) -> None:
        """The histogram is cumulative, and its last bucket holds all."""
        bench = Bench()
        bench.outbox.put(notification(id_="cw_1", created_at=NOW - 0.1))
        bench.outbox.put(notification(id_="cw_2", created_at=NOW - 7.0))
        bench.outbox.put(notification(id_="cw_3", created_at=NOW - 10 * MAX_AGE))

        for _ in range(3):
            bench.step(NOW)
        delays = dict(bench.worker.stats.delays)

        assert (delays[5.0], delays[10.0], delays[86400.0], delays[math.inf]) == (1, 2, 2, 3)
        assert bench.worker.stats.delay_sum == pytest.approx(7.1 + 10 * MAX_AGE)

    def test_a_clock_set_back(self) -> None:
        """A delay below 0 counts as none."""
        bench = Bench()
        bench.outbox.put(notification(created_at=NOW + 60))

        bench.step(NOW)

        assert bench.worker.stats.delay_sum == 0.0
