from __future__ import annotations

import pytest

from tests.detect.nets import real
from tests.logs import CaffeLog, healthy
from tests.watched import alerts, found, only, tuned

RULE = "data_starvation"


def wait(log: CaffeLog, numbers: range, message: str = "Waiting for data") -> None:
    """Write displays after which the solver had to wait."""
    for number in numbers:
        log.iteration(number)
        log.say(message, "blocking_queue.cpp:49")
        log.end_chunk(number)


class TestPlace:
    @pytest.mark.parametrize("message", ["Waiting for data", "Data layer prefetch queue empty"])
    def test_fires_at_the_fifth_wait_and_names_the_first(self, message: str) -> None:
        """Whatever version says it."""
        log = healthy(2)
        wait(log, range(20, 70, 10), message)

        finding = only(log, RULE)

        assert (finding.iteration, finding.place.previous_iteration) == (20, 10)
        assert (finding.place.kind, finding.severity, finding.loud) == ("input", "info", False)
        assert finding.message == (
            "Since iteration 20 the solver had to wait for data 5 times within 20 displays."
        )
        assert "LMDB" in finding.advice[0]
        assert [(a.starts_at, a.state) for a in alerts(log) if a.rule == RULE] == [(60, "firing")]

    def test_resolves_after_twenty_displays_without(self) -> None:
        """As many as those within which they came."""
        log = healthy(2)
        wait(log, range(20, 70, 10))
        log.displays(range(70, 300, 10))

        ended = [a.ends_at for a in alerts(log) if a.rule == RULE]

        assert ended == [None, 260]

    def test_goes_on_while_they_come(self) -> None:
        """One episode."""
        log = healthy(2)
        wait(log, range(20, 1000, 10))

        assert [f.state for f in found(log, RULE)] == ["firing"]


class TestSilence:
    def test_on_the_queues_of_the_start(self) -> None:
        """They are empty before the first display."""
        log = CaffeLog.started()
        for _ in range(9):
            log.say("Waiting for data", "blocking_queue.cpp:49")
        log.displays(range(0, 100, 10))

        assert found(log, RULE) == []

    def test_on_waits_far_apart(self) -> None:
        """Every fifth display or more."""
        log = CaffeLog.started()
        for start in range(0, 2000, 60):
            wait(log, range(start, start + 10, 10))
            log.displays(range(start + 10, start + 60, 10))

        assert found(log, RULE) == []


class TestSettings:
    def test_waits_and_displays(self) -> None:
        """Two within three displays."""
        log = healthy(1)
        wait(log, range(10, 30, 10))

        assert only(log, RULE, tuned(RULE, waits=2, displays=3)).iteration == 10


class TestRealLogs:
    @pytest.mark.parametrize("name", ["resnet_ok", "two_runs_appended", "lenet_quiet_ok"])
    def test_silent_on_healthy_ones(self, name: str) -> None:
        """The first wait is normal."""
        assert real(name, RULE) == []
