from __future__ import annotations

import pytest

from tests.logs import CaffeLog, Values, healthy
from tests.watched import edges, found, only, tuned

RULE = "gradient_explosion"


def leaping(gradient: float, weight: float = 0.1, **solver: str | float) -> CaffeLog:
    """Write seven healthy displays, then one with this gradient of ip1's weight."""
    log = healthy(7, **solver)
    log.display(70, {"d ip1.0": gradient, "ip1.0": weight})
    return log


class TestThreshold:
    def test_is_critical_from_1e8(self) -> None:
        """Any gradient of the block counts, those between layers too."""
        log = healthy(2)
        log.display(20, {"d ip2": 1e8})

        finding = only(log, RULE)

        place = finding.place
        assert (finding.severity, finding.iteration) == ("critical", 20)
        assert (place.layer, place.kind, place.blob) == ("ip2", "bottom", "ip1")
        assert (place.phase, place.quantity, place.value) == ("backward", "diff", 1e8)
        assert finding.message.endswith("passes to blob ip1 has a mean of 1e+08.")

    def test_below_it_nothing_is_said_of_a_net_without_history(self) -> None:
        """Sums over a huge net are large from the start."""
        log = CaffeLog.started()
        log.displays(range(0, 100, 10), {"d ip1.0": 9e7, "d ip2.0": 9e7, "d score.0": 9e7})

        assert found(log, RULE) == []

    def test_names_all_layers_in_net_order(self) -> None:
        """The backward half prints the last layer first."""
        log = healthy(2)
        log.display(20, {"d score.0": 1e9, "d ip1.0": 2e9})
        log.display(30, {"d score.0": 1e9, "d ip2": 2e9})

        finding = only(log, RULE)

        assert finding.place.layer == "score"
        assert finding.layers == ["ip1", "ip2", "score"]

    def test_keeps_the_last_values_as_evidence(self) -> None:
        """How it grew tells an explosion from a single bad batch."""
        log = CaffeLog.started()
        for number, value in enumerate((0.1, 10.0, 1e4, 1e9)):
            log.display(10 * number, {"d ip1.0": value})

        evidence = [(moment.iteration, value) for moment, value in only(log, RULE).evidence]

        assert evidence == [(0, 0.1), (10, 10.0), (20, 1e4), (30, 1e9)]

    def test_gradients_whose_sum_overflows(self) -> None:
        """They are finite, each by itself."""
        log = healthy(2)
        log.display(20, {"d ip1.0": "1e308", "d ip2.0": "1e308"})

        assert only(log, RULE).layers == ["ip1", "ip2"]

    def test_a_block_that_was_cut_off_is_no_pass(self) -> None:
        """What a dying process printed last is judged for nan alone."""
        log = healthy(2)
        log.forward()
        log.say("    [Backward] Layer score, param blob 0 diff: 1e9", "net.cpp:620")
        log.fatal()

        assert found(log, RULE) == []

    def test_may_differ_by_layer(self) -> None:
        """The glob that matches gives the threshold."""
        log = healthy(2)
        log.display(20, {"d ip1.0": 500, "d ip2.0": 500})

        finding = only(log, RULE, tuned(RULE, "ip2", threshold=500.0))

        assert finding.layers == ["ip2"]

    def test_a_layer_may_be_left_out(self) -> None:
        """A disabled layer may have any gradient."""
        log = leaping(1e9)

        assert found(log, RULE, tuned(RULE, "ip1", enabled=False)) == []

    def test_divides_by_the_gradient_scale(self) -> None:
        """NVIDIA's gs scales gradients up for half precision: with 10 a printed 9e8 is 9e7."""
        log = CaffeLog.started()
        log.display(0, lr="0.01, m = 0.9, wd = 0.0005, gs = 10")
        log.display(10, {"d ip1.0": 9e8}, lr="0.01, m = 0.9, wd = 0.0005, gs = 10")
        before = found(log, RULE)
        log.display(20, {"d ip1.0": 1e9})

        finding = only(log, RULE)

        assert before == []
        assert finding.iteration == 20
        assert finding.message.endswith("has a mean of 1e+08.")


class TestLeap:
    def test_warns_at_a_thousand_times_its_own_history(self) -> None:
        """One update would change the weight by a tenth and more."""
        finding = only(leaping(1.0, weight=0.08), RULE)

        assert (finding.severity, finding.iteration) == ("warning", 70)
        assert (finding.place.layer, finding.place.blob) == ("ip1", "0")
        assert "the median of its own history is 0.001" in finding.message
        assert "one update changes the parameter by 12% of its mean" in finding.message

    def test_names_all_layers_that_leap(self) -> None:
        """A gradient explodes through several layers at once."""
        log = healthy(7)
        log.display(70, {"d ip1.0": 2, "d ip2.0": 2, "d score.1": 2})

        assert only(log, RULE).layers == ["ip1", "ip2", "score"]
        assert only(log, RULE).place.layer == "score"

    @pytest.mark.parametrize(
        ("gradient", "weight", "solver"),
        [
            (0.99, 0.01, {}),  # 990 times
            (1.0, 0.11, {}),  # a step of 9 %
            (1.0, 0.0, {}),  # a bias that is still 0
            (99.0, 0.1, {"type": '"Adam"'}),  # adaptive: the step is not known
        ],
    )
    def test_is_silent_below(self, gradient: float, weight: float, solver: dict[str, str]) -> None:
        """Both the leap and the step must be large."""
        assert found(leaping(gradient, weight, **solver), RULE) == []

    def test_adaptive_solvers_need_a_larger_leap(self) -> None:
        """They divide by the gradient's own history."""
        finding = only(leaping(100.0, type='"Adam"'), RULE)

        assert finding.severity == "warning"
        assert "one update" not in finding.message

    def test_weighs_by_the_rate_of_the_parameter(self) -> None:
        """A bias with lr_mult 2 takes twice the step."""
        log = healthy(7)
        log.display(70, {"d ip1.1": 1.0, "ip1.1": 0.19, "d ip2.0": 1.0, "ip2.0": 0.19})

        assert only(log, RULE).layers == ["ip1"]

    @pytest.mark.parametrize(("weight", "number"), [(0.1, 1), (0.12, 0)])
    def test_divides_the_step_by_the_gradient_scale(self, weight: float, number: int) -> None:
        """The weight moves by the gradient as it is, not as it is printed."""
        log = CaffeLog.started()
        rate = "0.01, m = 0.9, wd = 0.0005, gs = 10"
        for iteration in range(0, 70, 10):
            log.display(iteration, {"d ip1.0": 0.01}, lr=rate)
        log.display(70, {"d ip1.0": 10.1, "ip1.0": weight}, lr=rate)

        assert len(found(log, RULE)) == number

    def test_a_small_rate_to_match_a_large_gradient(self) -> None:
        """A loss that is a sum over all pixels wants a rate of 1e-9."""
        log = CaffeLog.started()
        for number in range(0, 70, 10):
            log.display(number, {"d ip1.0": 100}, lr=1e-9)
        log.display(70, {"d ip1.0": 2e5}, lr=1e-9)

        assert found(log, RULE) == []

    def test_needs_a_history(self) -> None:
        """The first passes may jump about."""
        log = healthy(4)
        log.display(40, {"d ip1.0": 10})

        assert found(log, RULE) == []

    def test_a_zero_gradient_is_no_history(self) -> None:
        """Any gradient is infinitely larger than none."""
        log = CaffeLog.started()
        log.displays(range(0, 70, 10), {"d ip1.0": 0})
        log.display(70, {"d ip1.0": 10})

        assert found(log, RULE) == []

    def test_a_frozen_parameter_is_not_judged(self) -> None:
        """With lr_mult 0 nothing is updated, whatever force_backward prints."""
        log = healthy(7)
        text = log.text.replace("lr_mult: 1\n", "lr_mult: 0\n")
        frozen = CaffeLog()
        frozen.chunks.append((0, text))
        frozen.display(70, {"d ip1.0": 10})

        assert found(frozen, RULE) == []

    def test_a_resumed_run_has_no_history(self) -> None:
        """State is made anew with every run."""
        log = healthy(7)
        log.set_up()
        log.display(70, {"d ip1.0": 10})

        assert found(log, RULE) == []

    @pytest.mark.parametrize("passes", [2, 5])
    def test_history_counts_passes(self, passes: int) -> None:
        """The parameter says how many make one."""
        rules = tuned(RULE, history=passes)
        short, enough = healthy(passes - 1), healthy(passes)
        for log in (short, enough):
            log.display(100, {"d ip1.0": 10})

        assert (len(found(short, RULE, rules)), len(found(enough, RULE, rules))) == (0, 1)

    def test_follows_a_slow_growth(self) -> None:
        """A history that grows along is no leap."""
        log = CaffeLog.started()
        for number in range(300):
            log.display(number, {"d ip1.0": 0.001 * 1.02**number})

        assert found(log, RULE) == []


class TestLife:
    @pytest.mark.parametrize("values", [{"d ip1.0": 1.1}, {"d ip2": 1e8}])
    def test_resolves_after_five_quiet_passes(self, values: Values) -> None:
        """The episode ends with the fifth."""
        log = healthy(7)
        log.display(70, values)
        log.displays(range(80, 200, 10))

        assert edges(log) == [(70, RULE, "firing"), (120, RULE, "resolved")]

    def test_a_warning_that_becomes_critical_is_told_anew(self) -> None:
        """The warning is over, in this order, in one read."""
        log = leaping(10)
        log.display(80, {"d ip1.0": 1e9})

        assert edges(log)[1:] == [(80, RULE, "resolved"), (80, RULE, "firing")]
        assert [f.severity for f in found(log, RULE)] == ["warning", "critical"]

    def test_a_critical_one_that_weakens_goes_on(self) -> None:
        """What is still far outside is no end."""
        log = leaping(1e9)
        log.displays(range(80, 120, 10), {"d ip1.0": 10})
        log.displays(range(120, 160, 10))
        log.display(160, {"d ip1.0": 10})
        log.displays(range(170, 210, 10))

        assert [f.state for f in found(log, RULE)] == ["firing"]

    def test_a_pass_with_nan_says_nothing(self) -> None:
        """Nothing can be compared with nan."""
        log = leaping(10)
        log.displays(range(80, 200, 10), {"d ip1.0": "nan"})

        assert [f.state for f in found(log, RULE)] == ["firing"]
