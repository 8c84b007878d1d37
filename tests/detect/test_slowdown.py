from __future__ import annotations

import pytest

from tests.detect.nets import real
from tests.logs import CaffeLog
from tests.watched import edges, found, only, tuned

RULE = "slowdown"


def timed(*seconds: float) -> CaffeLog:
    """Write a display after each of so many seconds; 21 make a baseline."""
    log = CaffeLog.started()
    go_on(log, *seconds)
    return log


def go_on(log: CaffeLog, *seconds: float) -> None:
    """Write more of them."""
    begin = 10 * (len(log.chunks) - 1)
    for number, pause in enumerate(seconds):
        log.pass_time(pause)
        log.iteration(begin + 10 * number)
        log.end_chunk(begin + 10 * number)


USUAL = [10.0] * 21


class TestPlace:
    def test_fires_at_the_fifth_slow_display(self) -> None:
        """Three times the baseline, and a little."""
        log = timed(*USUAL, *[31] * 5)

        finding = only(log, RULE)

        place = finding.place
        assert edges(log) == [(250, RULE, "firing")]
        assert (finding.iteration, place.previous_iteration) == (210, 200)
        assert (place.kind, place.blob) == ("time", "iteration")
        assert place.value == pytest.approx(3.1, 0.01)
        assert finding.severity == "warning"
        assert finding.message == (
            "Since iteration 210 an iteration takes 3.1 s, 3.1 times the 1 s of this run's "
            "beginning."
        )
        assert "nvidia-smi" in finding.advice[0]
        assert [m.iteration for m, _ in finding.evidence] == [210, 220, 230, 240, 250]

    @pytest.mark.parametrize("slow", [[29.9] * 20, [31, 31, 31, 31, 10] * 5])
    def test_not_a_little_less(self, slow: list[float]) -> None:
        """Neither in time nor in number."""
        assert found(timed(*USUAL, *slow), RULE) == []

    @pytest.mark.parametrize("step", [3600, -3600, 86_400, -86_400])
    def test_a_step_of_the_clock_is_no_slowdown(self, step: float) -> None:
        """Daylight saving, or a clock put right: one display alone."""
        assert found(timed(*USUAL, step + 10, *[10] * 9), RULE) == []

    def test_resolves_after_five_usual_displays(self) -> None:
        """As long as it took to count."""
        log = timed(*USUAL, *[31] * 5, *[10] * 5)

        assert edges(log) == [(250, RULE, "firing"), (300, RULE, "resolved")]

    def test_the_baseline_is_a_median(self) -> None:
        """One long display at the start is not it."""
        assert len(found(timed(10, 500, *[10] * 19, *[31] * 5), RULE)) == 1


class TestSilence:
    def test_on_displays_with_a_test_or_a_snapshot(self) -> None:
        """They take as long as those do."""
        log = timed(*USUAL)
        for number in range(210, 400, 20):
            log.test(number)
            go_on(log, 100)
            log.snapshot(number)
            go_on(log, 100)

        assert found(log, RULE) == []

    def test_on_displays_shorter_than_their_stamps_are_good_for(self) -> None:
        """Less than two seconds."""
        assert found(timed(*[0.1] * 30, *[1.9] * 30), RULE) == []

    def test_on_a_step_of_the_clock(self) -> None:
        """Forwards and back."""
        assert found(timed(*USUAL, 3610, *[10] * 9, -3590, *[10] * 9), RULE) == []

    def test_on_a_run_without_stamps(self) -> None:
        """There is nothing to measure."""
        log = CaffeLog()
        for number in range(40):
            log.raw(f"Iteration {number}, loss = 2")

        assert found(log, RULE) == []

    def test_on_the_first_iteration_shown_twice(self) -> None:
        """No iterations, no time for each."""
        log = timed(*USUAL)
        for _ in range(9):
            log.pass_time(100)
            log.iteration(200)

        assert found(log, RULE) == []


class TestSettings:
    def test_every_threshold(self) -> None:
        """More displays than are shown as evidence, too."""
        log = timed(*[1.0] * 4, *[2] * 12)

        rules = tuned(RULE, factor=1.5, displays=10, baseline=3, seconds=0.5)
        finding = only(log, RULE, rules)

        assert [at for at, _, _ in edges(log, rules)] == [130]
        assert (finding.iteration, len(finding.evidence)) == (40, 8)


class TestRealLogs:
    @pytest.mark.parametrize("name", ["resnet_ok", "resume_ok", "early_stop_ok", "itersize_ok"])
    def test_silent_on_healthy_ones(self, name: str) -> None:
        """Small nets on a shared machine, whose displays take less than a second."""
        assert real(name, RULE) == []
