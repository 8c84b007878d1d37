from __future__ import annotations

import pytest

from tests.logs import DATA, MLP, CaffeLog, Layer, healthy, inner_product, relu
from tests.watched import edges, found, only, tuned

RULE = "zero_gradient"
WHOLE = {f"d {layer}.{index}": 0 for layer in ("ip1", "ip2", "score") for index in (0, 1)}
WEIGHTS = {f"d {layer}.0": 0 for layer in ("ip1", "ip2", "score")}
IP1 = {"d ip1.0": 0, "d ip1.1": 0}
HINGE = (*MLP[:-1], Layer("loss", "HingeLoss", ("score", "label"), ("loss",)))


class TestPlace:
    def test_begins_with_the_first_of_five_passes(self) -> None:
        """It fires at the fifth and says since when."""
        log = healthy(3)
        log.displays(range(30, 80, 10), IP1)

        finding = only(log, RULE)

        place = finding.place
        assert (finding.iteration, place.previous_iteration) == (30, 20)
        assert (place.layer, place.kind, place.blob) == ("ip1", "param", "0")
        assert (place.phase, place.quantity, place.value) == ("backward", "diff", 0)
        assert (finding.layers, finding.affects, finding.severity) == (["ip1"], 2, "warning")
        assert edges(log) == [(70, RULE, "firing")]

    def test_four_passes_are_not_enough(self) -> None:
        """A batch or two may have nothing to teach."""
        log = healthy(3)
        for start in (30, 80, 130):
            log.displays(range(start, start + 40, 10), IP1)
            log.display(start + 40)

        assert found(log, RULE) == []

    def test_keeps_the_last_values_as_evidence(self) -> None:
        """The value before shows whether it ever learned."""
        log = healthy(3)
        log.displays(range(30, 80, 10), IP1)

        evidence = [(moment.iteration, value) for moment, value in only(log, RULE).evidence]

        assert evidence == [(0, 0.001), (10, 0.001), (20, 0.001)] + [
            (number, 0) for number in range(30, 80, 10)
        ]

    def test_names_layers_that_come_later(self) -> None:
        """Layers are listed in net order, also those that are well again."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"d ip2.0": 0})
        log.displays(range(60, 120, 10), {"d ip1.0": 0})

        finding = only(log, RULE)

        assert (finding.place.layer, finding.layers) == ("ip2", ["ip1", "ip2"])

    def test_says_which_parameters(self) -> None:
        """A weight alone is another matter than weight and bias."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"d ip2.0": 0})

        assert "the gradients of ip2 (weight) have been exactly 0 for 5 passes" in (
            only(log, RULE).message
        )

    @pytest.mark.parametrize("values", [WHOLE, WEIGHTS])
    def test_is_critical_when_the_whole_net_stands_still(self, values: dict[str, float]) -> None:
        """Biases alone learn nothing but the frequency of the classes."""
        log = healthy(1)
        log.displays(range(10, 60, 10), values)

        finding = only(log, RULE)

        assert (finding.severity, finding.layers) == ("critical", ["ip1", "ip2", "score"])
        assert "every learned layer" in finding.message


class TestSilence:
    def test_small_gradients(self) -> None:
        """A bias before BatchNorm has 1e-9; a trained net little more."""
        log = CaffeLog.started()
        log.displays(range(0, 100, 10), dict.fromkeys(WHOLE, 1e-30))

        assert found(log, RULE) == []

    def test_a_satisfied_loss(self) -> None:
        """A hinge loss of 0 has nothing to teach."""
        log = CaffeLog.started(HINGE)
        log.displays(range(0, 100, 10), {**WHOLE, "loss": 0})

        assert found(log, RULE) == []

    def test_a_satisfied_loss_of_a_log_without_a_dump(self) -> None:
        """Where no type is known the layer's name must do."""
        log = CaffeLog(HINGE)
        log.displays(range(0, 100, 10), {**WHOLE, "loss": 0})

        assert found(log, RULE) == []

    def test_a_loss_at_0_ends_a_streak(self) -> None:
        """Passes without anything to teach are not counted."""
        log = CaffeLog.started(HINGE)
        for start in (0, 50, 100):
            log.displays(range(start, start + 40, 10), WHOLE)
            log.display(start + 40, {**WHOLE, "loss": 0})

        assert found(log, RULE) == []

    def test_one_loss_of_two(self) -> None:
        """While the other has something to teach, a gradient of 0 is a fault."""
        second = Layer("loss2", "SoftmaxWithLoss", ("score", "label"), ("loss2",))
        log = CaffeLog.started((*HINGE, second))
        log.displays(range(0, 100, 10), {**WHOLE, "loss": 0, "loss2": 2})

        assert len(found(log, RULE)) == 1

    def test_a_frozen_layer(self) -> None:
        """With lr_mult 0 no gradient is printed, and none is wanted."""
        layers = (DATA, inner_product("ip1", "data", 0, 0), *MLP[2:])
        log = CaffeLog.started(layers)
        log.displays(range(0, 100, 10))

        assert found(log, RULE) == []

    def test_a_frozen_layer_of_force_backward(self) -> None:
        """Its gradient is printed, and is nobody's concern."""
        log = CaffeLog.started()
        text = log.text.replace("lr_mult: 1\n", "lr_mult: 0\n", 1)
        forced = CaffeLog()
        forced.chunks.append((-1, text))
        forced.displays(range(0, 100, 10), {"d ip1.0": 0})

        assert found(forced, RULE) == []

    def test_the_statistics_of_batch_norm(self) -> None:
        """Versions before September 2016 print a gradient of 0 for ever."""
        norm = Layer("norm", "BatchNorm", ("ip1",), ("ip1",), (1, 1, 1))
        log = CaffeLog.started((*MLP[:2], norm, *MLP[2:]))
        log.displays(range(0, 100, 10), {f"d norm.{index}": 0 for index in range(3)})

        assert found(log, RULE) == []

    def test_repeats_of_iter_size_with_a_gradient(self) -> None:
        """Gradients accumulate over the repeats of one iteration."""
        log = CaffeLog.started(iter_size=4)
        log.displays(range(0, 50, 10))

        assert found(log, RULE) == []


class TestLife:
    def test_resolves_after_five_passes_with_a_gradient(self) -> None:
        """As long as it took to count."""
        log = healthy(1)
        log.displays(range(10, 80, 10), IP1)
        log.displays(range(80, 150, 10))

        assert edges(log) == [(50, RULE, "firing"), (120, RULE, "resolved")]

    def test_one_pass_with_a_gradient_does_not_end_it(self) -> None:
        """A state is over when it stays over."""
        log = healthy(1)
        for start in (10, 60, 110):
            log.displays(range(start, start + 40, 10), IP1)
            log.display(start + 40)
        log.displays(range(160, 220, 10), IP1)
        log.display(220)

        assert [f.state for f in found(log, RULE)] == ["firing"]

    def test_a_part_that_becomes_the_whole_is_told_anew(self) -> None:
        """The warning ends where the critical finding begins."""
        log = healthy(1)
        log.displays(range(10, 60, 10), IP1)
        log.displays(range(60, 110, 10), WHOLE)

        assert edges(log)[1:] == [(100, RULE, "resolved"), (100, RULE, "firing")]
        assert [f.severity for f in found(log, RULE)] == ["warning", "critical"]

    def test_a_whole_that_becomes_a_part_goes_on(self) -> None:
        """It got better, but it is not over."""
        log = healthy(1)
        log.displays(range(10, 60, 10), WHOLE)
        log.displays(range(60, 120, 10), IP1)

        assert [f.severity for f in found(log, RULE)] == ["critical"]

    def test_a_nan_neither_counts_nor_ends(self) -> None:
        """The zeros of a pass with nan are zeros; what is nan proves nothing."""
        log = healthy(1)
        log.displays(range(10, 60, 10), IP1)
        log.displays(range(60, 120, 10), {"d ip1.0": "nan", "d ip1.1": "nan"})

        assert [f.state for f in found(log, RULE)] == ["firing"]


class TestSettings:
    def test_passes_may_differ_by_layer(self) -> None:
        """The glob that matches says how many."""
        log = healthy(1)
        log.displays(range(10, 30, 10), {"d ip1.0": 0, "d ip2.0": 0})

        finding = only(log, RULE, tuned(RULE, "ip2", passes=2))

        assert finding.layers == ["ip2"]
        assert "for 2 passes" in finding.message

    def test_a_layer_may_be_left_out(self) -> None:
        """A layer that is not wanted to learn now."""
        log = healthy(1)
        log.displays(range(10, 60, 10), IP1)

        assert found(log, RULE, tuned(RULE, "ip1", enabled=False)) == []

    def test_a_layer_may_have_its_own_severity(self) -> None:
        """Where the whole net stands still it is critical all the same."""
        log = healthy(1)
        log.displays(range(10, 60, 10), IP1)

        assert only(log, RULE, tuned(RULE, "ip*", severity="info")).severity == "info"


class TestAdvice:
    def test_names_the_rate_and_the_remedies(self) -> None:
        """A dead ReLU behind it, weights of 0, a rate too high, a layer to freeze."""
        log = healthy(1)
        log.displays(range(10, 60, 10), IP1)

        advice = "\n".join(only(log, RULE).advice)

        assert "dead ReLU" in advice
        assert "xavier or msra" in advice
        assert "lower base_lr (it is 0.01)" in advice
        assert "lr_mult: 0" in advice

    def test_an_unknown_rate_is_not_named(self) -> None:
        """A log without lr lines gives none."""
        log = CaffeLog((DATA, inner_product("ip1", "data"), relu("relu1", "ip1")))
        for number in range(5):
            log.block({"d ip1.0": 0, "d ip1.1": 0})
            log.say(f"Iteration {number}, loss = 2")

        assert not any("base_lr" in advice for advice in only(log, RULE).advice)


class TestLossOfNoWeight:
    def test_a_loss_that_does_not_count_teaches_nothing(self) -> None:
        """Only losses with a weight say whether there is anything to learn."""
        weightless = Layer(
            "monitor", "HingeLoss", ("score", "label"), ("monitor",), more=("loss_weight: 0",)
        )
        log = CaffeLog.started((*MLP, weightless))
        log.displays(range(0, 60, 10), {**IP1, "loss": 2, "monitor": 0})

        assert found(log, RULE) != []

    def test_nor_does_it_hide_a_satisfied_one(self) -> None:
        """A weightless loss may be anything while the other is 0."""
        weightless = Layer(
            "monitor", "EuclideanLoss", ("score", "label"), ("monitor",), more=("loss_weight: 0",)
        )
        log = CaffeLog.started((*HINGE, weightless))
        log.displays(range(0, 60, 10), {**IP1, "loss": 0, "monitor": 3})

        assert found(log, RULE) == []
