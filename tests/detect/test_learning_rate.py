from __future__ import annotations

from typing import Any

import pytest

from tests.detect.nets import real
from tests.logs import CaffeLog
from tests.watched import edges, found, only, tuned

RULE = "learning_rate"


def rates(*rates: float | str, **solver: Any) -> CaffeLog:
    """Write displays with these rates, ten iterations apart."""
    log = CaffeLog.started(**solver)
    for number, rate in enumerate(rates):
        log.iteration(10 * number, lr=rate)
        log.end_chunk(10 * number)
    return log


class TestDecayed:
    def test_fires_at_the_third_display_and_says_since_when(self) -> None:
        """A ten-millionth of the highest, with far to go."""
        log = rates(0.01, 0.01, 1e-9, 1e-9, 1e-9, lr_policy='"step"', gamma=0.1, stepsize=20)

        finding = only(log, RULE)

        place = finding.place
        assert edges(log) == [(40, RULE, "firing")]
        assert (finding.iteration, place.previous_iteration) == (20, 10)
        assert (place.kind, place.blob, place.value) == ("lr", "lr", 1e-9)
        assert (finding.severity, finding.layers) == ("warning", [])
        assert finding.message == (
            "Since iteration 20 the learning rate is 1e-09, next to nothing beside 0.01 with 960 "
            "iterations to go: the weights stand still."
        )
        assert "lr_policy (step, gamma 0.1, stepsize 20)" in finding.advice[0]

    def test_a_little_more_is_enough(self) -> None:
        """Two ten-millionths still move the last digit."""
        assert found(rates(0.01, *[2e-9] * 30), RULE) == []

    def test_two_displays_are_not_enough(self) -> None:
        """A policy that restarts touches 0 for a moment."""
        assert found(rates(*[0.01, 0, 0] * 10), RULE) == []

    def test_the_highest_may_be_base_lr(self) -> None:
        """A log that begins late shows only the end."""
        assert only(rates(*[1e-9] * 3), RULE).iteration == 0

    def test_resolves_after_three_displays_above(self) -> None:
        """As long as it took to count."""
        log = rates(0.01, *[0] * 3, *[0.01] * 3)

        assert edges(log) == [(30, RULE, "firing"), (60, RULE, "resolved")]

    def test_keeps_the_last_rates_as_evidence(self) -> None:
        """Those that were too low."""
        log = rates(0.01, *[1e-9] * 12)

        finding = only(log, RULE, tuned(RULE, displays=12))

        assert [moment.iteration for moment, _ in finding.evidence] == list(range(50, 130, 10))


class TestNothing:
    def test_a_rate_of_0_from_the_start(self) -> None:
        """Somebody forgot to set it."""
        finding = only(rates(0, 0, 0, base_lr=0), RULE)

        assert (
            finding.message == "Since iteration 0 the learning rate is 0: the weights stand still."
        )
        assert finding.advice == ("Set base_lr above 0 (it is 0).",)

    def test_a_negative_one(self) -> None:
        """It learns to be worse."""
        finding = only(rates(-0.01, -0.01, -0.01, base_lr=-0.01), RULE)

        assert "negative (-0.01): it unlearns" in finding.message
        assert finding.advice == ("Set base_lr above 0 (it is -0.01).",)

    def test_a_base_lr_that_is_no_number(self) -> None:
        """A hostile log; the rates themselves must do."""
        assert only(rates(0, 0, 0, base_lr="high"), RULE).iteration == 0

    def test_without_a_length_to_compare(self) -> None:
        """A solver that is not printed, as in pycaffe."""
        log = CaffeLog()
        for number, rate in enumerate((0.01, 0, 0, 0)):
            log.iteration(10 * number, lr=rate)

        assert "next to nothing beside 0.01: the" in only(log, RULE).message


class TestSilence:
    def test_on_a_policy_that_ends_at_0(self) -> None:
        """poly: the last tenth may be as low as it likes."""
        log = rates(*[0.01 * (1 - n / 100) ** 2 for n in range(90)], *[0] * 10, max_iter=1000)

        assert found(log, RULE) == []

    @pytest.mark.parametrize(("low", "count"), [(range(880, 910, 10), 0), (range(870, 900, 10), 1)])
    def test_more_than_a_tenth_must_be_ahead(self, low: range, count: int) -> None:
        """At the third display, of 1000 iterations."""
        log = CaffeLog.started()
        for number in (0, *low):
            log.iteration(number, lr=0.01 if number == 0 else 0)

        assert len(found(log, RULE)) == count

    def test_on_a_warm_up_from_0(self) -> None:
        """The first display only."""
        assert found(rates(0, 1e-4, 2e-4, 3e-4), RULE) == []

    def test_on_nan(self) -> None:
        """That is non_finite's, and no end of a low rate either."""
        assert found(rates(0.01, *["nan"] * 10), RULE) == []
        assert only(rates(0.01, 0, "nan", 0, 0), RULE).iteration == 10


class TestRealLogs:
    def test_a_rate_that_fell_by_ten_every_forty_iterations(self) -> None:
        """Found at the second display below, and for good."""
        (finding,) = real("r11_031_lr0", RULE)

        assert (finding.iteration, finding.state) == (280, "firing")
        assert "1e-10, next to nothing beside 0.01" in finding.message
