from __future__ import annotations

import pytest

from tests.detect.nets import real
from tests.logs import DATA, MLP, CaffeLog, Layer, healthy, inner_product
from tests.watched import edges, found, only, tuned

RULE = "weight_norm"
OVERFLOW = "L1 norm = (9e37, 1); L2 norm = (inf, 1)"


class TestGrowth:
    def test_fires_at_the_fifth_pass_and_says_since_when(self) -> None:
        """A hundred times the 0.1 of the first block."""
        log = healthy(3)
        log.displays(range(30, 80, 10), {"ip1.0": 10, "score.0": 12})

        finding = only(log, RULE)

        assert edges(log) == [(70, RULE, "firing")]
        assert (finding.iteration, finding.place.previous_iteration) == (30, 20)
        assert (finding.place.layer, finding.place.value) == ("ip1", 10)
        assert (finding.layers, finding.affects) == (["ip1", "score"], 2)
        assert finding.severity == "warning"
        assert "|weight| of ip1 went from 0.1 to 10." in finding.message
        assert "Lower base_lr" in finding.advice[0]

    @pytest.mark.parametrize(("value", "passes"), [(9.99, 50), (10, 4)])
    def test_not_a_little_less(self, value: float, passes: int) -> None:
        """Neither in size nor in time."""
        log = healthy(3)
        log.displays(range(30, 30 + 10 * passes, 10), {"ip1.0": value})
        log.display(30 + 10 * passes)

        assert found(log, RULE) == []

    def test_resolves_after_five_passes(self) -> None:
        """As long as it took to count."""
        log = healthy(1)
        log.displays(range(10, 70, 10), {"ip1.0": 10})
        log.displays(range(70, 120, 10))

        assert edges(log) == [(50, RULE, "firing"), (110, RULE, "resolved")]

    def test_weights_that_begin_next_to_nothing(self) -> None:
        """std: 0.0001, as in Caffe's own CIFAR-10 example, grows a thousandfold."""
        log = CaffeLog.started()
        log.display(0, {"ip1.0": 8e-5})
        log.displays(range(10, 300, 10), {"ip1.0": 0.1})

        assert found(log, RULE) == []

    def test_weights_that_begin_at_nothing(self) -> None:
        """There is no growing from 0."""
        log = CaffeLog.started()
        log.display(0, {"ip1.0": 0})
        log.displays(range(10, 300, 10), {"ip1.0": 5})

        assert found(log, RULE) == []


class TestShrinking:
    def test_names_weight_decay(self) -> None:
        """What takes weights away."""
        log = CaffeLog.started(weight_decay=5)
        log.display(0)
        log.displays(range(10, 60, 10), {"ip2.0": 0.001})

        finding = only(log, RULE)

        assert (finding.iteration, finding.layers) == (10, ["ip2"])
        assert "|weight| of ip2 went from 0.1 to 0.001." in finding.message
        assert "Lower weight_decay (it is 5)" in finding.advice[0]

    def test_without_a_weight_decay_to_name(self) -> None:
        """The log may not give it."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"ip2.0": 0})

        assert only(log, RULE).advice[0].startswith("Lower weight_decay: it")


class TestOverflow:
    def overflowing(self, passes: int, **values: float) -> CaffeLog:
        """Write passes whose L2 norm is inf beside finite blobs."""
        log = healthy(1)
        for number in range(10, 10 + 10 * passes, 10):
            log.forward(values)
            log.backward(values, OVERFLOW)
            log.iteration(number)
            log.end_chunk(number)
        return log

    def test_of_the_sum_of_squares(self) -> None:
        """A float32 has no more; all blobs are finite."""
        finding = only(self.overflowing(5), RULE)

        place = finding.place
        assert (finding.iteration, place.kind, place.blob, place.layer) == (10, "norm", "L2", None)
        assert place.value == float("inf")
        assert finding.message == (
            "Since iteration 10 the L2 norm of all parameters overflows float32."
        )

    def test_beside_weights_that_grew(self) -> None:
        """Both in one sentence."""
        finding = only(self.overflowing(5, **{"ip1.0": 1e20}), RULE)

        assert finding.place.layer == "ip1"
        assert finding.message.endswith("to 1e+20; their L2 norm overflows float32.")


class TestSilence:
    def test_on_biases(self) -> None:
        """They begin at 0 or next to it."""
        log = CaffeLog.started()
        log.display(0, {"ip1.1": 1e-6})
        log.displays(range(10, 300, 10), {"ip1.1": 3})

        assert found(log, RULE) == []

    def test_on_the_statistics_of_batch_norm(self) -> None:
        """Running sums climb a hundredfold by design."""
        norm = Layer("norm", "BatchNorm", ("ip1",), ("ip1",), (0, 0, 0))
        log = CaffeLog.started((*MLP[:2], norm, *MLP[2:]))
        for number in range(0, 600, 10):
            log.display(number, {f"norm.{index}": 0.1 + 5 * number for index in range(3)})

        assert found(log, RULE) == []

    def test_on_frozen_layers(self) -> None:
        """Nothing that they do is the solver's."""
        log = CaffeLog.started((DATA, inner_product("ip1", "data", 0, 0), *MLP[2:]))
        log.display(0)
        log.displays(range(10, 100, 10), {"ip1.0": 50})

        assert found(log, RULE) == []

    def test_on_passes_with_nan(self) -> None:
        """They neither count nor end it."""
        log = healthy(1)
        log.displays(range(10, 50, 10), {"ip1.0": 10})
        log.display(50, {"ip1.0": 10, "score": "nan"})
        log.display(60, {"ip1.0": 10})

        assert only(log, RULE).iteration == 10

    def test_on_a_net_without_anything_to_learn(self) -> None:
        """All is frozen."""
        frozen = tuple(x._replace(lr_mults=(0.0, 0.0)) if x.lr_mults else x for x in MLP)
        log = CaffeLog.started(frozen)
        log.displays(range(0, 100, 10))

        assert found(log, RULE) == []


class TestSettings:
    def test_thresholds_may_differ_by_layer(self) -> None:
        """One layer is looked at more strictly."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"ip1.0": 3, "ip2.0": 3})

        assert only(log, RULE, tuned(RULE, "ip2", grow=20.0)).layers == ["ip2"]

    def test_names_layers_that_come_later(self) -> None:
        """In net order."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"ip2.0": 30})
        log.displays(range(60, 80, 10), {"ip1.0": 30, "ip2.0": 30})

        assert only(log, RULE).layers == ["ip1", "ip2"]


class TestRealLogs:
    def test_inputs_that_are_too_large(self) -> None:
        """Weights of 0.3 become twelve million within a display."""
        (finding,) = real("raw_input", RULE)

        assert (finding.iteration, finding.layers) == (10, ["conv1", "conv2", "fc1", "fc2"])
        assert "from 0.295965 to 1.23678e+07" in finding.message

    @pytest.mark.parametrize("name", ["resnet_ok", "siamese_ok", "resume_ok"])
    def test_silent_on_healthy_ones(self, name: str) -> None:
        """BatchNorm, shared weights, a trained net."""
        assert real(name, RULE) == []
