from __future__ import annotations

import pytest

from tests.detect.nets import falling, losses, real, resumed
from tests.logs import CaffeLog
from tests.watched import edges, found, only, tuned

RULE = "loss_spike"
USUAL = [2.4, 2.3, 2.2, 2.1, 2.0, 1.9, 1.8, 1.7]
"""Eight displays: a median of 2.05, and a start of 2.4."""


class TestJump:
    def test_fires_when_it_has_come_back_and_says_when_it_was(self) -> None:
        """Until then it might be a divergence."""
        log = losses(*USUAL, 60, 50, 1.8)

        finding = only(log, RULE)

        place = finding.place
        assert edges(log) == [(100, RULE, "firing")]
        assert (finding.iteration, place.previous_iteration, place.value) == (80, 70, 60)
        assert (place.kind, finding.severity) == ("loss", "warning")
        assert finding.message == (
            "At iteration 80 the loss jumped to 60, 29 times the 2.05 that was usual, and came "
            "back by iteration 100."
        )
        assert "bad samples" in finding.advice[0]

    @pytest.mark.parametrize(("loss", "count"), [(10.24, 0), (10.25, 1)])
    def test_from_the_factor_on(self, loss: float, count: int) -> None:
        """Five times the median of those before."""
        log = losses(*USUAL, loss, 1.8)

        assert len(found(log, RULE, tuned(RULE, factor=5.0))) == count

    def test_needs_a_history(self) -> None:
        """Seven displays are none."""
        assert found(losses(*USUAL[1:], 60, 1.8), RULE) == []

    def test_half_of_the_jump_is_back(self) -> None:
        """From 60 and 2.05 that is 31.025."""
        assert found(losses(*USUAL, 60, *[31.1] * 30), RULE) == []
        assert found(losses(*USUAL, 60, 31), RULE) != []

    @pytest.mark.parametrize(("stays", "count"), [(4, 1), (5, 0)])
    def test_what_does_not_come_back_in_time_is_another_level(self, stays: int, count: int) -> None:
        """Within five displays after it."""
        log = losses(*USUAL, 60, *[55] * stays, 1.8, *USUAL)

        assert len(found(log, RULE, tuned(RULE, within=5))) == count

    def test_from_nothing(self) -> None:
        """A median of 0 has no multiple."""
        log = losses(2.4, 2.4, 2.4, *[0] * 30, 60, 0)

        assert "jumped to 60 from 0 and came back" in only(log, RULE).message


class TestLife:
    def test_resolves_after_twenty_quiet_displays(self) -> None:
        """The one that came back is not among them."""
        log = losses(*USUAL, 60, 1.8, *[1.8] * 20)

        assert edges(log) == [(90, RULE, "firing"), (290, RULE, "resolved")]

    def test_another_spike_in_the_meantime_is_the_same_episode(self) -> None:
        """Bad samples come round every epoch."""
        log = losses(*USUAL, *[60, 1.8, *[1.8] * 12] * 5)

        assert edges(log) == [(90, RULE, "firing")]

    def test_a_nan_in_a_spike_is_another_matter(self) -> None:
        """It does not come back by way of a nan."""
        log = losses(*USUAL, 60, "nan", 1.8)  # type: ignore[arg-type]  # as text

        assert found(log, RULE) == []


class TestSilence:
    def test_on_the_jitter_of_a_trained_net(self) -> None:
        """Factors of twenty around a hundredth."""
        jitter = [0.01, 0.012, 0.2, 0.009, 0.011, 0.22, 0.01, 0.008] * 20

        assert found(losses(*falling(60), *jitter), RULE) == []

    def test_on_the_same_jitter_in_a_resumed_run(self) -> None:
        """Its start does not say what an untrained net costs; guessing does."""
        log = resumed()
        log.losses([0.01, 0.012, 0.009, 0.011, *[0.01] * 10, 0.4, 0.01, 0.5, 0.01], 500)

        assert found(log, RULE) == []

    def test_but_a_resumed_run_may_spike(self) -> None:
        """Far above guessing."""
        log = resumed()
        log.losses([*[0.01] * 14, 60, 0.01], 500)

        assert only(log, RULE).iteration == 640

    def test_on_a_log_that_tells_neither(self) -> None:
        """A regression that goes on: no start, no guessing."""
        log = CaffeLog()
        log.losses([*[0.01] * 14, 60, 0.01], 5000)

        assert found(log, RULE) == []

    def test_on_a_regression_that_begins_small(self) -> None:
        """Its spread is its own: the highest before was nearly as high."""
        log = CaffeLog()
        log.losses([0.001, 0.002, 0.001, *[0.5, 0.1, 0.1, 0.1] * 4, 0.9, 0.1, 0.1])

        assert found(log, RULE) == []

    def test_on_a_hinge_loss_of_0(self) -> None:
        """It began at 0: nothing says what is high."""
        log = CaffeLog()
        log.losses([*[0] * 20, 0.5, 0, 0])

        assert found(log, RULE) == []

    def test_on_a_step_of_the_learning_rate(self) -> None:
        """It makes a step in the loss, downwards."""
        assert found(losses(*[2.3] * 20, *[0.4] * 20), RULE) == []


class TestAverage:
    def test_a_spike_is_as_long_as_the_average(self) -> None:
        """Ten displays, and those within which it must come back."""
        log = losses(*[2.4] * 12, 2000, *[2.4] * 14, average_loss=100)

        finding = only(log, RULE, tuned(RULE, within=2))

        assert finding.iteration == 120
        assert finding.place.value == pytest.approx(202.16)


class TestRealLogs:
    def test_one_batch_of_images_that_are_too_bright(self) -> None:
        """It takes five displays to come back."""
        (finding,) = real("r11_037_spike", RULE)

        assert finding.iteration == 11
        assert finding.place.value == pytest.approx(15.7411)
        assert "came back by iteration 16" in finding.message

    @pytest.mark.parametrize("name", ["resume_ok", "resnet_ok", "siamese_ok", "early_stop_ok"])
    def test_silent_on_healthy_ones(self, name: str) -> None:
        """A resumed run, an average, a contrastive loss, a small net."""
        assert real(name, RULE) == []
