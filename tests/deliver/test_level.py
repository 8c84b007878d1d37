from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest

from caffewatch.alert.model import Alert
from caffewatch.deliver.alertmanager import AlertmanagerReceiver, AlertmanagerSettings
from caffewatch.deliver.level import MEMORY, REFRESH, LevelWorker, newest
from caffewatch.deliver.outcome import Delivered, Outcome, Rejected, Retry
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.site import Site
from tests.deliver.alertmanager_process import alertmanager
from tests.deliver.fakes import Clock
from tests.deliver.samples import STARTED, alert, event
from tests.deliver.web_server import WebServer

NOW = STARTED + 10.0
FIRING = alert()
RESOLVED = alert(ends_at=NOW + 5.0)
OTHER = replace(alert("crash"), fingerprint="other", starts_at=NOW + 20.0)


@dataclass
class FakeLane:
    """``outcomes`` are given in turn, then everything is delivered; an exception is raised."""

    name: str = "am urls[0]"
    outcomes: list[Outcome | Exception] = field(default_factory=list)
    posted: list[list[tuple[str, str]]] = field(default_factory=list)

    def post(self, alerts: Sequence[Alert], now: float) -> Outcome:
        """Remember what was told."""
        self.posted.append([(x.rule, x.state) for x in alerts])
        outcome = self.outcomes.pop(0) if self.outcomes else Delivered()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def close(self) -> None:
        """Do nothing."""


class Bench:
    """A worker with a lane, a state of the world, and no jitter."""

    def __init__(self, *outcomes: Outcome | Exception) -> None:
        self.lane = FakeLane(outcomes=list(outcomes))
        self.state: list[Alert] = []
        self.asked: list[tuple[str, float]] = []
        self.clock = Clock(NOW)
        self.worker = LevelWorker("am", self.lane, self._current, self.clock, lambda: 0.0)

    def _current(self, receiver: str, since: float) -> list[Alert]:
        self.asked.append((receiver, since))
        return self.state

    def step(self, now: float, *state: Alert) -> float | None:
        """Step at a time at which things stand so."""
        self.clock.now, self.state = now, list(state)
        return self.worker.step(now)


NAN = ("non_finite", "firing")
CLEAR = ("non_finite", "resolved")


class TestTelling:
    def test_nothing_fires(self) -> None:
        """There is nothing to tell, and no time to come back."""
        bench = Bench()

        assert bench.step(NOW) is None
        assert (bench.lane.posted, bench.asked) == ([], [("am", NOW - MEMORY)])

    def test_what_fires_is_told_every_minute(self) -> None:
        """And not in between, however often somebody nudges."""
        bench = Bench()

        wakes = [bench.step(NOW + after, FIRING) for after in (0.0, 30.0, 60.0, 61.0)]

        assert bench.lane.posted == [[NAN], [NAN]]
        assert wakes == [NOW + 60, NOW + 60, NOW + 120, NOW + 120]

    def test_news_is_told_at_once(self) -> None:
        """Alone; the rest waits for its minute."""
        bench = Bench()

        bench.step(NOW, FIRING)
        bench.step(NOW + 20, FIRING, OTHER)
        bench.step(NOW + 60, FIRING, OTHER)

        assert bench.lane.posted == [[NAN], [("crash", "firing")], [NAN, ("crash", "firing")]]

    def test_the_end_is_told_once(self) -> None:
        """Then never again."""
        bench = Bench()

        bench.step(NOW, FIRING)
        for after in (5.0, 60.0, 120.0):
            bench.step(NOW + after, RESOLVED)

        assert bench.lane.posted == [[NAN], [CLEAR]]

    def test_an_event_is_told_once(self) -> None:
        """It is over at once."""
        bench = Bench()

        for after in (0.0, 60.0):
            bench.step(STARTED + after, event())

        assert bench.lane.posted == [[("run_finished", "event")]]

    def test_after_a_restart(self) -> None:
        """What fires is told at once, and what has just ended too."""
        bench = Bench()

        bench.step(NOW + 60, RESOLVED, OTHER)

        assert bench.lane.posted == [[CLEAR, ("crash", "firing")]]

    def test_the_clock_is_set_back(self) -> None:
        """An hour that comes twice is no hour of silence."""
        bench = Bench()

        bench.step(NOW, FIRING)
        bench.step(NOW - 3600, FIRING)

        assert bench.lane.posted == [[NAN], [NAN]]


class TestTrouble:
    def test_a_server_that_is_down(self) -> None:
        """It is tried again, never later than in a minute, and told how things stand by then."""
        bench = Bench(*[Retry("no connection in time")] * 12)
        now, waits = NOW, []
        for _ in range(12):
            wake = bench.step(now, FIRING)
            assert wake is not None
            waits.append(wake - now)
            now = wake

        bench.step(now, RESOLVED)

        assert waits == [1.0] * 12
        assert bench.lane.posted[-1] == [CLEAR]
        assert (bench.worker.stats.outcomes["retried"], bench.worker.stats.queue_length) == (12, 0)

    def test_waits_at_most_a_minute(self) -> None:
        """What was told holds four: an hour's pause would end alerts that still fire."""
        bench = Bench(Retry("HTTP 429", 3600.0))

        assert bench.step(NOW, FIRING) == NOW + REFRESH

    def test_a_pause_is_kept(self) -> None:
        """A nudge does not shorten it."""
        bench = Bench(Retry("HTTP 429", 30.0))

        wakes = [bench.step(NOW, FIRING), bench.step(NOW + 1, FIRING, OTHER)]

        assert (wakes, len(bench.lane.posted)) == ([NOW + 30, NOW + 30], 1)

    def test_a_refusal(self) -> None:
        """There are no dead letters: in a minute things are told again."""
        bench = Bench(Rejected("HTTP 400: bad"))

        wake = bench.step(NOW, FIRING)
        bench.step(NOW + REFRESH, FIRING)

        assert wake == NOW + REFRESH
        assert bench.lane.posted == [[NAN], [NAN]]
        assert bench.worker.stats.outcomes["rejected"] == 1

    def test_an_error_of_ours(self, caplog: pytest.LogCaptureFixture) -> None:
        """It is counted, and logged without its text."""
        bench = Bench(KeyError("hunter2"))

        bench.step(NOW, FIRING)

        assert bench.worker.stats.errors == 1
        assert caplog.messages == ["receiver am urls[0]: internal error (KeyError); trying on"]

    def test_a_lasting_trouble_is_logged_once(self, caplog: pytest.LogCaptureFixture) -> None:
        """And its end, once."""
        bench = Bench(*[Retry("HTTP 503")] * 5)

        with caplog.at_level(logging.INFO):
            for second in range(8):
                bench.step(NOW + second, FIRING)

        assert caplog.messages == [
            "receiver am urls[0]: HTTP 503; trying on",
            "receiver am urls[0]: well again",
        ]


class TestStats:
    def test_delay_of_what_is_new(self) -> None:
        """What fired before this process began says nothing of it."""
        bench = Bench()

        bench.step(NOW, FIRING)
        bench.step(NOW + 25, FIRING, OTHER)

        assert dict(bench.worker.stats.delays)[math.inf] == 1
        assert bench.worker.stats.delay_sum == pytest.approx(5.0)
        assert bench.worker.stats.outcomes["delivered"] == 2


class TestNewest:
    def test_another_episode_of_the_same_labels(self) -> None:
        """Over there they are one alert: the end of the first must not end the second."""
        again = replace(FIRING, fingerprint="second", starts_at=NOW + 6)

        assert newest([again, RESOLVED]) == [again]


@pytest.mark.slow
class TestRealAlertmanager:
    def test_stays_as_long_as_it_is_told(
        self, program: Callable[[str, str], str], server: WebServer, tmp_path: Path
    ) -> None:
        """Every minute moves its end; labels that it would refuse cost the others nothing."""
        path = program("prometheus-alertmanager", "prometheus-alertmanager")
        began = time.time()
        firing = replace(FIRING, starts_at=began)
        odd = replace(
            firing, labels={**firing.labels, "layer": "\x00 \udcff ∞ \U0001f525", "a": ""}
        )
        with alertmanager(path, tmp_path, server.url) as running:
            settings = AlertmanagerSettings(name="am", urls=(Secret(running.url),))
            (lane,) = AlertmanagerReceiver(settings, Site()).lanes
            worker = LevelWorker("am", lane, lambda *_: [firing, odd], time.time, lambda: 0.0)

            ends = []
            for after in (0.0, 60.0):
                worker.step(began + after)
                ends.append({x["endsAt"] for x in running.alerts()})
            worker.close()

        assert [len(x) for x in ends] == [1, 1]
        first, second = (datetime.fromisoformat(min(x)).timestamp() for x in ends)
        assert second - first == pytest.approx(60.0, abs=0.01)
        assert worker.stats.outcomes["delivered"] == 2
