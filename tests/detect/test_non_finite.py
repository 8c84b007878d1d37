from __future__ import annotations

import math

import pytest

from tests.logs import MLP, CaffeLog, Layer, healthy
from tests.watched import edges, found, only

RULE = "non_finite"
ALL_BAD = dict.fromkeys(
    ("ip1", "ip1.0", "ip1.1", "relu1", "ip2", "ip2.0", "score", "loss", "d loss", "d ip1.0"), "nan"
)


class TestPlace:
    def test_names_the_first_value_of_the_block(self) -> None:
        """What is printed first made the others bad."""
        log = healthy()
        log.display(50, {"ip2": "nan", "relu2": "nan", "score": "-nan", "loss": "nan"}, "nan")

        finding = only(log, RULE)

        place = finding.place
        assert (finding.iteration, place.previous_iteration) == (50, 40)
        assert (place.net, place.phase, place.layer) == ("train", "forward", "ip2")
        assert (place.kind, place.blob, place.quantity) == ("top", "ip2", "data")
        assert (finding.severity, finding.origin) == ("critical", "here")
        assert (finding.affects, finding.layers) == (4, ["ip2", "relu2", "score", "loss"])

    def test_gives_the_line_of_the_value(self) -> None:
        """A reader finds the value under the line number."""
        log = healthy()
        log.display(50, {"ip2": "nan"})

        finding = only(log, RULE)

        line = log.text.splitlines()[finding.place.line - 1]
        assert line.endswith("[Forward] Layer ip2, top blob ip2 data: nan")

    def test_own_weights_bad_put_the_event_into_the_update_before(self) -> None:
        """A layer that computes with nan is not where the nan arose."""
        log = healthy()
        log.display(50, ALL_BAD, "nan")

        finding = only(log, RULE)

        assert (finding.place.layer, finding.origin) == ("ip1", "weights_already_bad")
        assert "an update after iteration 40 ruined them" in finding.message

    def test_a_parameter_of_its_own_is_weights_already_bad(self) -> None:
        """A max pooling may hide the nan of a weight from its layer's top."""
        log = healthy()
        log.display(50, {"ip1.0": "nan"})

        finding = only(log, RULE)

        assert (finding.place.kind, finding.place.blob) == ("param", "0")
        assert finding.origin == "weights_already_bad"

    def test_a_gradient_that_overflows(self) -> None:
        """The backward half counts as well as the forward half."""
        log = healthy()
        log.display(50, {"d ip2.1": "inf", "d ip2": "inf"})

        finding = only(log, RULE)

        assert (finding.place.phase, finding.place.kind) == ("backward", "bottom")
        assert (finding.place.quantity, finding.place.value) == ("diff", math.inf)
        assert "gradient overflowed in layer ip2" in finding.advice[0]

    def test_a_test_net_counts(self) -> None:
        """A nan that a test shows is one, at the iteration of the test."""
        log = healthy()
        log.test(50, {"ip1": "nan"})
        log.display(50)

        finding = only(log, RULE)

        assert (finding.place.net, finding.iteration) == ("test0", 50)
        assert finding.place.previous_iteration == 40
        assert finding.message.endswith("it reached 1 of the 14 values of that block.")
        assert "in test net #0" in finding.message

    def test_a_block_cut_off_by_death_counts(self) -> None:
        """The last lines of a killed job are judged, at an estimated iteration."""
        log = healthy()
        log.forward({"ip1": "nan"}, lines=6)
        log.fatal()

        finding = only(log, RULE)

        assert (finding.iteration, finding.place.moment.estimated) == (50, True)

    def test_a_repeat_of_iter_size_has_the_iteration_of_all(self) -> None:
        """One Iteration line numbers all blocks before it."""
        log = healthy(3, iter_size=2)
        for values in (None, {"ip1": "nan"}):
            log.forward(values)
            log.backward(values)
        log.iteration(30)

        finding = only(log, RULE)

        assert (finding.iteration, finding.place.previous_iteration) == (30, 20)

    def test_keeps_the_last_values_as_evidence(self) -> None:
        """The values before the nan show whether it came slowly."""
        log = CaffeLog.started()
        for number, value in enumerate(("0.2", "20", "2000", "nan")):
            log.display(10 * number, {"ip1": value})

        evidence = [(m.iteration, v) for m, v in only(log, RULE).evidence]

        assert evidence[:3] == [(0, 0.2), (10, 20.0), (20, 2000.0)]
        assert math.isnan(evidence[3][1])


class TestElsewhere:
    @pytest.mark.parametrize("loss", ["nan", "-nan", "inf", "-nan(ind)", "1.#QNAN"])
    def test_a_displayed_loss(self, loss: str) -> None:
        """Without debug_info the loss is the first to show it, in any spelling."""
        log = CaffeLog.started()
        for number in (0, 10, 20):
            log.iteration(number)
        log.iteration(30, loss)

        finding = only(log, RULE)

        assert (finding.iteration, finding.place.previous_iteration) == (30, 20)
        assert (finding.place.kind, finding.origin, finding.layers) == ("loss", None, [])
        assert [moment.iteration for moment, _ in finding.evidence] == [0, 10, 20, 30]
        assert any("debug_info: true" in advice for advice in finding.advice)

    def test_a_training_output(self) -> None:
        """An output may be nan while the loss that counts is not."""
        log = CaffeLog.started()
        log.iteration(0)
        log.iteration(10, outputs={"loss": "2", "auxiliary": "nan"})

        finding = only(log, RULE)

        assert (finding.place.kind, finding.place.blob) == ("output", "auxiliary")
        assert finding.iteration == 10

    @pytest.mark.parametrize("value", ["nan", "-nan", "inf"])
    def test_what_is_no_loss(self, value: str) -> None:
        """An accuracy of a class that no image shows is 0/0: nothing learns from it."""
        log = CaffeLog.started()
        outputs = {"loss": "2", "*per_class_accuracy": value}
        for number in range(0, 100, 10):
            log.iteration(number, outputs=outputs)
            log.test(number, outputs=outputs)

        assert found(log, RULE) == []

    def test_what_is_no_loss_beside_one_that_is_nan(self) -> None:
        """The loss tells of it, and comes first."""
        log = CaffeLog.started()
        log.iteration(0)
        log.iteration(10, "nan", outputs={"*accuracy": "nan", "loss": "nan"})

        assert only(log, RULE).place.kind == "loss"

    def test_a_test_that_weighs_nothing(self) -> None:
        """Versions of 2014 print no weights, and the score may be the loss."""
        log = CaffeLog.started()
        log.test(0, outputs={"*accuracy": "0.1", "*score": "nan"})

        assert only(log, RULE).place.blob == "score"

    def test_an_accuracy_layer(self) -> None:
        """Its value in the block is the same 0/0."""
        log = CaffeLog.started((*MLP, Layer("accuracy", "Accuracy", ("label",), ("accuracy",))))
        log.displays(range(0, 100, 10), {"accuracy": "nan"})

        assert found(log, RULE) == []

    def test_a_test_output_has_the_iteration_of_its_test(self) -> None:
        """The last Iteration line before a test is an older one."""
        log = CaffeLog.started()
        log.iteration(80)
        log.iteration(90)
        log.say("Iteration 100, Testing net (#0)")
        log.say("    Test net output #0: loss = nan (* 1 = nan loss)")

        finding = only(log, RULE)

        assert (finding.iteration, finding.place.previous_iteration) == (100, 90)
        assert finding.place.net == "test0"

    def test_a_learning_rate(self) -> None:
        """A rate of nan ruins every weight with the next update."""
        log = CaffeLog.started()
        log.display(0, lr="nan")

        finding = only(log, RULE)

        assert (finding.place.kind, finding.iteration) == ("lr", 0)

    def test_an_update_line(self) -> None:
        """Older versions print what is subtracted from the weights."""
        log = healthy()
        log.say("    [Update] Layer ip1, param 0 data: 0.1; diff: inf", "net.cpp:700")
        log.display(50)

        finding = only(log, RULE)

        place = finding.place
        assert (place.phase, place.layer, place.quantity) == ("update", "ip1", "diff")
        assert (finding.iteration, place.previous_iteration) == (40, 30)
        assert "the update of parameter 0 of layer ip1 is inf" in finding.message

    def test_an_l1_norm(self) -> None:
        """The norm covers parameters that no line shows."""
        log = healthy()
        log.forward()
        log.backward(norms="L1 norm = (9, nan); L2 norm = (3, nan)")
        log.iteration(50)

        finding = only(log, RULE)

        assert (finding.place.kind, finding.place.quantity) == ("norm", "diff")
        assert (finding.iteration, finding.place.previous_iteration) == (50, 40)

    def test_a_hidden_nan(self) -> None:
        """An output that stays at 87.3365 is what a GPU prints for nan."""
        log = healthy()
        for number in range(50, 90, 10):
            log.display(number, loss=87.3365)

        assert only(log, RULE).iteration == 50
        assert edges(log) == [(70, RULE, "firing")]
        assert "labels lie in 0" in only(log, RULE).advice[0]

    def test_a_hidden_nan_of_the_loss_alone(self) -> None:
        """Versions of 2014 print no training outputs."""
        log = CaffeLog.started()
        for number in range(0, 40, 10):
            log.say(f"Iteration {number}, loss = 87.3365")

        assert (only(log, RULE).iteration, only(log, RULE).place.kind) == (0, "loss")

    def test_a_hidden_nan_times_its_loss_weight(self) -> None:
        """The value shown may be the weighted one."""
        log = CaffeLog.started()
        for number in range(0, 40, 10):
            log.iteration(number)
            log.say("    Train net output #1: aux = 26.201 (* 0.3 = 7.86 loss)")

        assert only(log, RULE).place.blob == "aux"


class TestSilence:
    def test_an_l2_norm_that_overflows(self) -> None:
        """A sum of squares beyond float32 beside finite blobs is no nan."""
        log = healthy()
        log.forward()
        log.backward(norms="L1 norm = (1e+30, 1e+30); L2 norm = (inf, inf)")
        log.iteration(50)

        assert found(log, RULE) == []

    def test_values_whose_sum_overflows(self) -> None:
        """Double precision logs and foreign text may hold what no float32 does."""
        log = healthy()
        log.block({"ip1": "1e308", "ip2": "1e308"})
        log.iteration(50)

        assert found(log, RULE) == []

    def test_a_first_test_of_87_3365(self) -> None:
        """A BatchNorm net tests like this before it has learned its statistics."""
        log = CaffeLog.started()
        log.test(0, loss=87.3365)
        log.displays(range(0, 50, 10))
        log.test(50, loss=87.3365)
        log.displays(range(50, 100, 10))

        assert found(log, RULE) == []

    def test_tests_that_stay_at_87_3365(self) -> None:
        """A test may lag far behind training; only training outputs count."""
        log = CaffeLog.started()
        for number in range(0, 100, 10):
            log.test(number)
            log.say("    Test net output #1: aux = 87.3365 (* 1 = 87.3365 loss)")
            log.display(number)

        assert found(log, RULE) == []

    def test_two_displays_of_87_3365(self) -> None:
        """A single bad batch is no state."""
        log = healthy()
        for loss in (87.3365, 87.3365, 2.0, 87.3365, 87.3365, 2.0):
            log.display(len(log.chunks) * 10, loss=loss)

        assert found(log, RULE) == []
