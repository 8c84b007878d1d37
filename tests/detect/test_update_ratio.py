from __future__ import annotations

import pytest

from tests.detect.nets import falling, real
from tests.logs import DATA, MLP, CaffeLog, healthy, inner_product
from tests.watched import alerts, found, only, tuned

RULE = "update_ratio"


class TestTooLarge:
    def test_fires_at_the_tenth_pass(self) -> None:
        """0.01 times 10 is as much as the whole weight of 0.1."""
        log = healthy(2)
        log.displays(range(20, 120, 10), {"d ip2.0": 10})

        finding = only(log, RULE)

        assert (finding.iteration, finding.place.layer, finding.layers) == (20, "ip2", ["ip2"])
        assert (finding.severity, finding.loud) == ("info", False)
        assert "one update of ip2 is out of scale for 10 passes" in finding.message
        assert "that of ip2 is 1 of its weight" in finding.message
        assert "Lower base_lr" in finding.advice[0]

    def test_nine_passes_are_not_enough(self) -> None:
        """And a hundredth less is not either."""
        log = healthy(2)
        log.displays(range(20, 110, 10), {"d ip2.0": 10})
        log.displays(range(110, 310, 10), {"d ip2.0": 9.9})

        assert found(log, RULE) == []

    def test_resolves_after_ten_passes(self) -> None:
        """As long as it took to count."""
        log = healthy(2)
        log.displays(range(20, 120, 10), {"d ip2.0": 10})
        log.displays(range(120, 220, 10))

        edges = [(edge.starts_at, edge.ends_at) for edge in alerts(log) if edge.rule == RULE]

        assert edges == [(110, None), (110, 210)]

    def test_counts_momentum_and_lr_mult(self) -> None:
        """Each a factor: ten, and three."""
        log = CaffeLog.started((DATA, inner_product("ip1", "data", 3, 3), *MLP[2:]), momentum=0.9)
        log.displays(range(0, 110, 10), {"d ip1.0": 0.34, "d ip2.0": 0.34})

        assert only(log, RULE).layers == ["ip1"]


class TestTooSmall:
    def test_fires_where_nothing_is_learned(self) -> None:
        """0.01 times 1e-8 is a thousand-millionth of 0.1; the loss can tell from the tenth on."""
        log = CaffeLog.started()
        log.displays(range(0, 200, 10), {"d ip1.0": 1e-8})

        finding = only(log, RULE)

        assert (finding.iteration, finding.layers) == (100, ["ip1"])
        assert "that of ip1 is 1e-09 of its weight" in finding.message
        assert "Raise base_lr" in finding.advice[0]

    def test_silent_where_something_is(self) -> None:
        """A net that has learned needs no large steps."""
        log = CaffeLog.started()
        for number, loss in enumerate(falling(40)):
            log.display(10 * number, {"d ip1.0": 1e-8}, loss)

        assert found(log, RULE) == []

    def test_a_gradient_of_nothing_is_another_rules(self) -> None:
        """zero_gradient says it better."""
        log = CaffeLog.started()
        log.displays(range(0, 300, 10), {"d ip1.0": 0})

        assert found(log, RULE) == []


class TestSilence:
    @pytest.mark.parametrize("solver", ["Adam", "AdaGrad", "RMSProp", "AdaDelta"])
    def test_on_solvers_whose_step_is_not_known(self, solver: str) -> None:
        """They divide by what the log does not show."""
        log = CaffeLog.started(type=f'"{solver}"')
        log.displays(range(0, 200, 10), {"d ip2.0": 1000})

        assert found(log, RULE) == []

    def test_on_clipped_gradients(self) -> None:
        """What is printed is not what is applied."""
        log = CaffeLog.started()
        log.clip(1e6)
        log.displays(range(0, 200, 10), {"d ip2.0": 1000})

        assert found(log, RULE) == []

    def test_on_biases_and_weights_of_nothing(self) -> None:
        """They begin at 0."""
        log = CaffeLog.started()
        log.displays(range(0, 200, 10), {"d ip1.1": 1000, "d ip2.0": 1000, "ip2.0": 0})

        assert found(log, RULE) == []

    def test_on_a_net_without_anything_to_learn(self) -> None:
        """All is frozen."""
        frozen = tuple(x._replace(lr_mults=(0.0, 0.0)) if x.lr_mults else x for x in MLP)
        log = CaffeLog.started(frozen)
        log.displays(range(0, 200, 10))

        assert found(log, RULE) == []

    def test_on_a_momentum_that_is_no_number(self) -> None:
        """A hostile log; then none is taken."""
        log = CaffeLog.started(momentum="much")
        log.displays(range(0, 110, 10), {"d ip2.0": 10})

        assert only(log, RULE).layers == ["ip2"]


class TestSettings:
    def test_thresholds_may_differ_by_layer(self) -> None:
        """Here the last layer is held to the rule of thumb."""
        log = CaffeLog.started()
        log.displays(range(0, 200, 10), {"d ip2.0": 2, "d score.0": 2})

        assert only(log, RULE, tuned(RULE, "score", largest=0.1)).layers == ["score"]


class TestRealLogs:
    def test_of_a_vanishing_net(self) -> None:
        """Steps of a thousand-millionth."""
        (finding,) = real("vanishing_sigmoid", RULE)

        assert (finding.iteration, finding.layers) == (100, ["ip1", "ip2"])

    def test_silent_on_a_healthy_one(self) -> None:
        """BatchNorm, Scale and shortcuts."""
        assert real("resnet_ok", RULE) == []


class TestPrinted:
    """Caffe until July 2015, and some forks, print what each update changes."""

    def log(self, solver: str, ratio: float, displays: int) -> CaffeLog:
        """Write [Update] lines behind every display, with ip2 changing by a share of itself."""
        log = CaffeLog.started(type=f'"{solver}"')
        for number in range(0, 10 * displays, 10):
            log.display(number)
            for layer, change in (("ip1", 1e-4), ("ip2", 0.1 * ratio), ("score", 1e-4)):
                log.say(f"    [Update] Layer {layer}, param 0 data: 0.1; diff: {change:g}")
                log.say(f"    [Update] Layer {layer}, param 1 data: 0.1; diff: {10 * change:g}")
        log.display(10 * displays)
        return log

    @pytest.mark.parametrize("solver", ["SGD", "Adam"])
    def test_what_the_log_gives_holds_for_every_solver(self, solver: str) -> None:
        """There is nothing to expect where it is said."""
        finding = only(self.log(solver, 2.0, 10), RULE)

        place = finding.place
        assert (finding.iteration, place.layer, place.phase) == (0, "ip2", "update")
        assert (place.value, finding.layers) == (0.2, ["ip2"])
        assert "that of ip2 is 2 of its weight" in finding.message

    def test_nine_updates_are_not_enough(self) -> None:
        """And a healthy share is none."""
        assert found(self.log("SGD", 2.0, 9), RULE) == []
        assert found(self.log("SGD", 0.01, 20), RULE) == []

    def test_gradients_count_no_more(self) -> None:
        """An expectation that the log contradicts is wrong."""
        log = self.log("SGD", 0.01, 2)
        log.displays(range(30, 150, 10), {"d ip2.0": 100})

        assert found(log, RULE) == []
