from __future__ import annotations

import pytest

from tests.detect.nets import CHANCE, losses, real, resumed
from tests.logs import CaffeLog
from tests.watched import edges, found, only, tuned

RULE = "loss_divergence"
START = [2.4, 2.3, 2.5, 2.2, 2.1]


class TestFresh:
    def test_fires_at_the_third_display_and_says_since_when(self) -> None:
        """Ten times the highest of the first five."""
        log = losses(*START, 2, 25, 26, 27)

        finding = only(log, RULE)

        place = finding.place
        assert edges(log) == [(80, RULE, "firing")]
        assert (finding.iteration, place.previous_iteration, place.value) == (60, 50, 25)
        assert (place.net, place.kind, place.layer) == ("train", "loss", None)
        assert finding.severity == "critical"
        assert finding.message == (
            "Since iteration 60 the loss is 27, 11 times the highest of its start (2.5)."
        )
        assert "the rate was 0.01, try 0.001" in finding.advice[0]

    @pytest.mark.parametrize("after", [[24.9] * 20, [25, 25, 2] * 6])
    def test_not_a_little_less(self, after: list[float]) -> None:
        """Neither in size nor in time."""
        assert found(losses(*START, *after), RULE) == []

    def test_resolves_after_three_displays_below(self) -> None:
        """As long as it took to count."""
        log = losses(*START, 25, 25, 25, 2, 2, 2)

        assert [e for e in edges(log) if e[1] == RULE] == [
            (70, RULE, "firing"),
            (100, RULE, "resolved"),
        ]

    def test_names_the_last_snapshot_before(self) -> None:
        """Where to go back to."""
        log = losses(*START)
        good = log.snapshot(45)
        log.losses([25, 25], 50)
        log.snapshot(70)
        log.losses([25], 70)

        assert only(log, RULE).advice[-1] == f"Go back to {good}, from before it left."

    def test_snapshots_that_came_later_are_none(self) -> None:
        """They hold what diverged."""
        log = losses(*START, 25, 25)
        log.snapshot(70)
        log.losses([25], 70)

        assert not any("Go back" in advice for advice in only(log, RULE).advice)

    def test_without_a_rate_to_name(self) -> None:
        """A log may give none."""
        log = CaffeLog()
        for number, loss in enumerate((*START, 25, 25, 25)):
            log.say(f"Iteration {10 * number}, loss = {loss}")

        assert only(log, RULE).advice[0] == "Lower base_lr to a tenth, or warm it up."


class TestSilence:
    def test_on_a_loss_that_is_high_from_the_start(self) -> None:
        """Raw images, a wild initialisation: it comes down."""
        assert found(losses(80, 60, 40, 20, 10, *[70] * 10), RULE) == []

    def test_on_losses_that_begin_at_0(self) -> None:
        """A hinge loss; what grows from nothing has no factor."""
        assert found(losses(*[0] * 5, *[3] * 10), RULE) == []

    @pytest.mark.parametrize("below", [-0.5, -40000.0])
    def test_on_losses_below_0(self, below: float) -> None:
        """A critic's loss, or labels beyond 1: ten times less than nothing is more."""
        falling = [below * (1 + 0.1 * number) for number in range(30)]

        assert found(losses(*falling), RULE) == []
        assert found(losses(*reversed(falling)), RULE) == []
        assert found(losses(*falling[:9], *[-15 * below] * 9), RULE) != []

    def test_on_nan(self) -> None:
        """It is non_finite's; those of the start do not count."""
        assert found(losses(*START, *["nan"] * 5), RULE) == []  # type: ignore[arg-type]  # as text
        assert found(losses(*["nan"] * 5, *[90] * 9), RULE) == []  # type: ignore[arg-type]  # as text

    def test_on_one_huge_value_in_an_average(self) -> None:
        """It stays in the mean of five displays for five displays."""
        flat = [2.4] * 10

        assert found(losses(*flat, 1e4, *flat, average_loss=50), RULE) == []

    def test_on_what_the_displayed_figure_keeps(self) -> None:
        """Caffe's own average is wrong for ever after; the outputs are not."""
        log = losses(*START, average_loss=50)
        for number in range(50, 300, 10):
            log.iteration(number, 7.38e8, {"loss": 2.4})

        assert found(log, RULE) == []

    def test_but_an_average_that_stays_high_is_no_spike(self) -> None:
        """Three displays, and four more for the average."""
        log = losses(*[2.4] * 10, *[100] * 10, average_loss=50)

        assert [at for at, _, _ in edges(log)] == [170]


class TestTrained:
    @pytest.mark.parametrize(("loss", "count"), [(0.9, 0), (1.0, 1)])
    def test_a_resumed_run_begins_low(self, loss: float, count: int) -> None:
        """A hundred times, where nothing says what guessing costs."""
        log = CaffeLog()
        log.say("Resuming from net_iter_500.solverstate", "caffe.cpp:234")
        log.losses([*[0.01] * 6, *[loss] * 4], 500)

        assert len(found(log, RULE)) == count

    def test_a_little_worse_than_guessing_will_do(self) -> None:
        """Twice the loss of guessing is no jitter."""
        log = resumed()
        log.losses([*[0.1] * 6, *[2 * CHANCE + 0.1] * 3], 500)

        assert only(log, RULE).iteration == 560

    def test_a_log_that_begins_in_the_midst_of_a_run(self) -> None:
        """Its first loss is that of a trained net."""
        assert found(losses(*[0.02] * 6, *[0.5] * 9, start=5000), RULE) == []


class TestSettings:
    def test_factor_and_displays(self) -> None:
        """Earlier, and sooner."""
        log = losses(*START, 5, 5)

        assert only(log, RULE, tuned(RULE, factor=2.0, displays=2)).iteration == 50


class TestRealLogs:
    def test_a_net_that_dies(self) -> None:
        """Its loss leaves at 410, and a nan ends it."""
        (finding,) = real("r11_008_dies", RULE)

        assert (finding.iteration, finding.caused_by) == (410, None)

    @pytest.mark.parametrize("name", ["resume_ok", "resnet_ok", "r11_037_spike", "overfit_small"])
    def test_silent_on_others(self, name: str) -> None:
        """A resumed run, an average, a spike, an overfitted net."""
        assert real(name, RULE) == []
