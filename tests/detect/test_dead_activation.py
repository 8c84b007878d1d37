from __future__ import annotations

from tests.logs import DATA, LOSS, MLP, CaffeLog, Layer, healthy, inner_product, relu
from tests.watched import edges, found, only, tuned

RULE = "dead_activation"


class TestPlace:
    def test_begins_with_the_first_of_five_passes(self) -> None:
        """It fires at the fifth and says since when."""
        log = healthy(3)
        log.displays(range(30, 80, 10), {"relu1": 0})

        finding = only(log, RULE)

        place = finding.place
        assert (finding.iteration, place.previous_iteration) == (30, 20)
        assert (place.phase, place.layer, place.kind) == ("forward", "relu1", "top")
        assert (place.blob, place.quantity, place.value) == ("ip1", "data", 0)
        assert (finding.severity, finding.layers, finding.affects) == ("warning", ["relu1"], 1)
        assert edges(log) == [(70, RULE, "firing")]
        assert "relu1 is dead for 5 passes: the output of relu1 is 0" in finding.message

    def test_a_vanishing_share_of_the_input(self) -> None:
        """Nearly dead is told with the share that is left."""
        log = CaffeLog.started()
        log.displays(range(0, 50, 10), {"ip1": 10, "relu1": 0.01})

        assert "relu1 is 0.01, 0.1% of its input" in only(log, RULE).message

    def test_a_share_above_the_threshold(self) -> None:
        """Small is not vanishing."""
        log = CaffeLog.started()
        log.displays(range(0, 50, 10), {"ip1": 10, "relu1": 0.011})

        assert found(log, RULE) == []

    def test_names_all_layers_in_net_order(self) -> None:
        """Those that die later are added."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"relu2": 0})
        log.displays(range(60, 120, 10), {"relu1": 0})

        finding = only(log, RULE)

        assert (finding.place.layer, finding.layers) == ("relu2", ["relu1", "relu2"])

    def test_several_die_at_once(self) -> None:
        """The first in the file is named first."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"relu2": 0, "relu1": 0})

        finding = only(log, RULE)

        assert (finding.place.layer, finding.affects) == ("relu1", 2)
        assert "relu1 and relu2 are dead" in finding.message

    def test_keeps_the_last_values_as_evidence(self) -> None:
        """The output before it died is among them."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"relu1": 0})

        evidence = [(moment.iteration, value) for moment, value in only(log, RULE).evidence]

        assert evidence == [(0, 0.1), (10, 0), (20, 0), (30, 0), (40, 0), (50, 0)]


class TestInput:
    def test_an_in_place_layer_reads_what_the_last_writer_made(self) -> None:
        """Between ip1 and its ReLU another in-place layer may write the blob."""
        scale = Layer("scale", "Scale", ("ip1",), ("ip1",), (1.0,))
        log = CaffeLog.started((*MLP[:2], scale, *MLP[2:]))
        log.displays(range(0, 50, 10), {"ip1": 0.2, "scale": 500, "relu1": 0.1})

        assert only(log, RULE).layers == ["relu1"]

    def test_a_layer_with_an_output_of_its_own(self) -> None:
        """Its input is the blob that it reads, wherever that was written."""
        own = Layer("relu1", "ReLU", ("ip1",), ("active",))
        side = inner_product("side", "ip1")
        layers = (*MLP[:2], side, own, inner_product("score", "active"), LOSS)
        log = CaffeLog.started(layers)
        log.displays(range(0, 50, 10), {"side": 0, "ip1": 500, "relu1": 0.1})

        assert only(log, RULE).layers == ["relu1"]

    def test_a_log_without_a_dump(self) -> None:
        """The layer's name gives its type, its [Backward] line its input."""
        log = CaffeLog((*MLP[:2], Layer("relu1", "ReLU", ("ip1",), ("active",))))
        log.displays(range(0, 50, 10), {"relu1": 0})

        assert only(log, RULE).layers == ["relu1"]


class TestSilence:
    def test_four_passes(self) -> None:
        """A few batches may be dark."""
        log = healthy(1)
        for start in (10, 60):
            log.displays(range(start, start + 40, 10), {"relu1": 0})
            log.display(start + 40)

        assert found(log, RULE) == []

    def test_a_negative_slope(self) -> None:
        """What leaks is not dead."""
        leaky = relu("relu1", "ip1", "relu_param {", "  negative_slope: 0.1", "}")
        log = CaffeLog.started((*MLP[:2], leaky, *MLP[3:]))
        log.displays(range(0, 100, 10), {"relu1": 0})

        assert found(log, RULE) == []

    def test_other_activations(self) -> None:
        """A TanH at 0 lets its gradient through."""
        tanh = Layer("tanh1", "TanH", ("ip1",), ("ip1",))
        log = CaffeLog.started((*MLP[:2], tanh, *MLP[3:]))
        log.displays(range(0, 100, 10), {"tanh1": 0})

        assert found(log, RULE) == []

    def test_a_net_without_activations(self) -> None:
        """There is nothing to compare."""
        log = CaffeLog.started((DATA, inner_product("score", "data"), LOSS))
        log.displays(range(0, 100, 10), {"score": 0})

        assert found(log, RULE) == []


class TestLife:
    def test_resolves_after_five_passes_alive(self) -> None:
        """As long as it took to count."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"relu1": 0})
        log.displays(range(60, 150, 10))

        assert edges(log) == [(50, RULE, "firing"), (100, RULE, "resolved")]

    def test_a_nan_is_no_sign_of_life(self) -> None:
        """What is nan proves nothing."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"relu1": 0})
        log.displays(range(60, 150, 10), {"relu1": "nan"})

        assert only(log, RULE).state == "firing"

    def test_tests_do_not_count(self) -> None:
        """Only passes of the training net are passes of training."""
        log = healthy(1)
        for number in range(10, 100, 10):
            log.test(number, {"relu1": 0})
        log.display(100, {"relu1": 0})

        assert found(log, RULE) == []


class TestSettings:
    def test_may_differ_by_layer(self) -> None:
        """The glob that matches gives share and passes."""
        log = healthy(1)
        log.displays(range(10, 30, 10), {"relu1": 0.001, "relu2": 0.001})

        finding = only(log, RULE, tuned(RULE, "*2", share=0.01, passes=2))

        assert finding.layers == ["relu2"]
        assert "for 2 passes" in finding.message

    def test_a_layer_may_be_left_out(self) -> None:
        """A layer that is meant to be off."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"relu1": 0})

        assert found(log, RULE, tuned(RULE, "relu1", enabled=False)) == []

    def test_a_layer_may_have_its_own_severity(self) -> None:
        """The severity is the first layer's."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"relu1": 0})

        assert only(log, RULE, tuned(RULE, "relu1", severity="critical")).severity == "critical"


class TestAdvice:
    def test_names_the_rate_and_the_remedies(self) -> None:
        """Lower rate, better start, a leak, a look at the input."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"relu1": 0})

        advice = "\n".join(only(log, RULE).advice)

        assert "lower base_lr (it is 0.01)" in advice
        assert "xavier, msra" in advice
        assert "negative_slope: 0.1" in advice
        assert "BatchNorm" in advice
