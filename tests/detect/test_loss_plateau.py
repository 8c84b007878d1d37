from __future__ import annotations

import math
from typing import Any

import pytest

from tests.detect.nets import CHANCE, TEN_CLASSES, falling, losses, real, resumed
from tests.logs import LOSS, CaffeLog, Layer
from tests.watched import edges, found, only, tuned

RULE = "loss_plateau"
JITTER = [CHANCE + 0.01 * (-1) ** number for number in range(100)]


class TestChance:
    def test_fires_at_the_fortieth_display(self) -> None:
        """And 300 iterations, and a tenth of the run."""
        log = losses(*JITTER)

        finding = only(log, RULE)

        assert edges(log) == [(390, RULE, "firing")]
        assert (finding.iteration, finding.place.previous_iteration) == (0, None)
        assert (finding.place.kind, finding.severity) == ("loss", "warning")
        assert finding.message == (
            "Since iteration 0 the loss stays at 2.30259: a net that guesses has 2.30259, the "
            "logarithm of the number of classes. Nothing has been learned in 390 iterations."
        )
        assert "Check the labels" in finding.advice[0]

    @pytest.mark.parametrize(
        ("solver", "at"), [({"max_iter": 1000}, 390), ({"max_iter": 6000}, 600)]
    )
    def test_a_long_run_has_longer(self, solver: dict[str, Any], at: int) -> None:
        """A tenth of it: large nets need long to leave the start."""
        assert [when for when, _, _ in edges(losses(*JITTER, **solver))] == [at]

    def test_a_net_that_leaves_it_late(self) -> None:
        """After 38 displays."""
        assert found(losses(*JITTER[:38], *falling(60, 2, 0.97)), RULE) == []

    def test_a_net_that_comes_back_to_it_has_as_long(self) -> None:
        """What it once learned is no part of the stretch."""
        log = losses(*JITTER[:10], *falling(60, 2, 0.9), *JITTER)

        finding = only(log, RULE)

        assert 700 < (finding.iteration or 0) <= 910
        assert edges(log)[-1][0] >= (finding.iteration or 0) + 390

    def test_resolves_when_a_tenth_is_learned(self) -> None:
        """By the mean of twenty displays."""
        log = losses(*JITTER[:50], *[1.9] * 20)

        assert [e[2] for e in edges(log) if e[1] == RULE] == ["firing", "resolved"]

    def test_may_come_again(self) -> None:
        """After what it learned was lost."""
        log = losses(*JITTER[:50], *[1] * 30, *JITTER)

        assert [f.episode for f in found(log, RULE)] == [1, 2]

    def test_two_losses_cost_the_sum(self) -> None:
        """A second head with a third of the weight."""
        second = Layer(
            "aux", "SoftmaxWithLoss", ("score", "label"), ("aux",), more=("loss_weight: 0.3",)
        )
        log = CaffeLog.started((*TEN_CLASSES, second))
        for number in range(0, 500, 10):
            log.say(f"Iteration {number}, loss = 2.9934")
            log.say("    Train net output #0: loss = 2.30259 (* 1 = 2.30259 loss)")
            log.say("    Train net output #1: aux = 2.30259 (* 0.3 = 0.690777 loss)")

        assert "a net that guesses has 2.99336" in only(log, RULE).message

    @pytest.mark.parametrize("kind", ["EuclideanLoss", "Python"])
    def test_another_loss_beside_it_hides_it(self, kind: str) -> None:
        """Nobody knows what guessing costs then."""
        other = Layer("other", kind, ("score", "label"), ("other",), more=("loss_weight: 1",))
        log = CaffeLog.started((*TEN_CLASSES, other))
        log.losses(JITTER)

        assert found(log, RULE) == []

    def test_a_log_without_a_net(self) -> None:
        """The logarithm of a usual number of classes, from the start on, will do."""
        log = CaffeLog()
        log.losses(JITTER, step=200)

        assert "guesses has 2.30259" in only(log, RULE).message

    def test_other_values_are_none(self) -> None:
        """A regression that stays at 2 does not guess."""
        log = CaffeLog()
        log.losses([2 + 0.01 * (-1) ** number for number in range(100)], step=200)

        assert found(log, RULE) == []


class TestStill:
    def test_fires_at_the_fortieth_of_the_same(self) -> None:
        """To a ten-thousandth."""
        log = CaffeLog.started()
        log.losses([9 + 1e-4 * (-1) ** number for number in range(60)])

        finding = only(log, RULE)

        assert edges(log) == [(390, RULE, "firing")]
        assert finding.message == "Since iteration 0 the loss stands still at 9."
        assert "any weight changes" in finding.advice[0]

    def test_a_little_spread_is_life(self) -> None:
        """Two thousandths of it."""
        log = CaffeLog.started()
        log.losses([9 + 1e-2 * (-1) ** number for number in range(100)])

        assert found(log, RULE) == []

    def test_a_loss_that_has_come_down_may_stand(self) -> None:
        """Below a fifth of its start."""
        log = CaffeLog.started()
        log.losses([*falling(40, 9, 0.9), *[1] * 100])

        assert found(log, RULE) == []

    def test_a_loss_of_0_may_stand(self) -> None:
        """A satisfied hinge loss."""
        log = CaffeLog.started()
        log.losses([3, 2, 1, *[0] * 100])

        assert found(log, RULE) == []


class TestStarved:
    def log(self, rate: float, count: int = 60, **solver: Any) -> CaffeLog:
        """Write a loss that jitters half-way down while the rate is gone."""
        log = CaffeLog.started(**solver)
        for number in range(20 + count):
            gone = number >= 20
            loss = (1.2 + 0.02 * (-1) ** number) if gone else 2.4 - 0.06 * number
            log.iteration(10 * number, loss, lr=rate if gone else 0.01)
            log.end_chunk(10 * number)
        return log

    def test_fires_after_a_stretch_without_progress(self) -> None:
        """300 iterations at least, and twenty displays no better than the twenty before."""
        log = self.log(1e-9)

        finding = only(log, RULE)

        assert [e for e in edges(log) if e[1] == RULE] == [(560, RULE, "firing")]
        assert finding.iteration == 200
        assert "the loss stays at 1.2, 50% of its start, at a learning rate of 1e-09" in (
            finding.message
        )
        assert "gentler lr_policy" in finding.advice[0]

    def test_a_ten_thousandth_is_a_usual_end(self) -> None:
        """Three steps of a multistep policy."""
        assert found(self.log(1e-6), RULE) == []

    def test_the_end_of_a_long_run_may_be_without(self) -> None:
        """An exponential decay ends somewhere."""
        assert found(self.log(1e-9, max_iter=20000), RULE) == []

    def test_a_rate_of_nan_says_nothing(self) -> None:
        """That is non_finite's."""
        assert found(self.log(float("nan")), RULE) == []


class TestSilence:
    def test_on_a_net_that_learns_and_creeps_on(self) -> None:
        """That is how training ends."""
        ends = [0.3 + 0.01 * math.sin(number) for number in range(300)]

        assert found(losses(*falling(20), *ends), RULE) == []

    def test_on_a_resumed_run(self) -> None:
        """It is low from its start."""
        log = resumed()
        log.losses([0.3 + 0.01 * math.sin(number) for number in range(100)], 500)

        assert found(log, RULE) == []

    def test_on_a_net_with_two_classes_that_starts_high(self) -> None:
        """Far above guessing is another fault's."""
        assert found(losses(*[20 + 0.1 * math.sin(n) for n in range(100)]), RULE) == []


class TestSettings:
    def test_displays_and_iterations(self) -> None:
        """Sooner."""
        rules = tuned(RULE, displays=20, iterations=100, share=0.0)

        assert [at for at, _, _ in edges(losses(*JITTER), rules)] == [190]


class TestRealLogs:
    def test_random_labels(self) -> None:
        """From the start, for good."""
        (finding,) = real("random_labels_plateau", RULE)

        assert (finding.iteration, finding.caused_by, finding.state) == (0, None, "firing")
        assert "2.30259" in finding.message

    @pytest.mark.parametrize(
        ("name", "cause"),
        [("zero_init", "zero_gradient"), ("vanishing_sigmoid", "vanishing_gradient")],
    )
    def test_follows_from_gradients_that_are_gone(self, name: str, cause: str) -> None:
        """Listed, and not told."""
        (finding,) = real(name, RULE)

        assert finding.caused_by == cause

    @pytest.mark.parametrize("name", ["resume_ok", "resnet_ok", "siamese_ok", "lenet_quiet_ok"])
    def test_silent_on_healthy_ones(self, name: str) -> None:
        """Whatever their losses are."""
        assert real(name, RULE) == []


class TestGuessing:
    def test_the_classes_are_those_of_what_the_loss_reads(self) -> None:
        """Through the split that Caffe put in."""
        split = Layer("score_split", "Split", ("score",), ("score_0", "score_1"))
        loss = LOSS._replace(bottoms=("score_1", "label"))
        log = CaffeLog.started((*TEN_CLASSES[:-1], split, loss))
        log.losses(JITTER)

        assert "guesses has 2.30259" in only(log, RULE).message

    def test_one_class_is_none(self) -> None:
        """Its logarithm is 0."""
        (score,) = (x for x in TEN_CLASSES if x.name == "score")
        one = score._replace(more=("inner_product_param {", "  num_output: 1", "}"))
        log = CaffeLog.started(tuple(one if x is score else x for x in TEN_CLASSES))
        log.losses(JITTER)

        assert found(log, RULE) == []

    def test_a_layer_of_unknown_kind_may_be_a_loss(self) -> None:
        """Where glog cuts long messages, and with them the dump of a large net."""
        log = CaffeLog.started((*TEN_CLASSES, Layer("mystery", "", ("score",), ("mystery",))))
        log.losses(JITTER)

        assert found(log, RULE) == []
