from __future__ import annotations

import pytest

from tests.detect.nets import deep, falling, real, resumed
from tests.logs import MLP, CaffeLog, Values
from tests.watched import edges, found, only, tuned

RULE = "vanishing_gradient"
NET = deep("Sigmoid")
GONE: dict[str, float | str] = {
    f"d ip{number}.0": 10.0**-exponent for number, exponent in ((1, 9), (2, 8), (3, 7))
}
"""Against the 0.001 of score: a millionth, a hundred-thousandth, and a ten-thousandth."""


def vanishing(displays: int = 20, values: Values = GONE) -> CaffeLog:
    """Write a log whose gradients do not reach the first layers, and that learns nothing."""
    log = CaffeLog.started(NET)
    log.displays(range(0, 10 * displays, 10), values)
    return log


class TestPlace:
    def test_fires_when_the_loss_can_tell_and_says_since_when(self) -> None:
        """The tenth display shows that nothing was learned; the next pass is the first to know."""
        log = vanishing()

        finding = only(log, RULE)

        assert edges(log)[0] == (100, RULE, "firing")
        assert (finding.iteration, finding.place.layer, finding.place.quantity) == (
            0,
            "ip1",
            "diff",
        )
        assert (finding.layers, finding.affects) == (["ip1", "ip2", "ip3"], 3)
        assert finding.severity == "warning"
        assert "down to 1e-08, 1e-05 of the 0.001 of score" in finding.message
        assert "ReLU" in finding.advice[0]

    def test_ten_passes_in_a_row(self) -> None:
        """Nine and a good one, over and over, are none."""
        log = CaffeLog.started(NET)
        for start in range(0, 500, 100):
            log.displays(range(start, start + 90, 10), GONE)
            log.display(start + 90)

        assert found(log, RULE) == []

    def test_resolves_after_ten_passes_with_gradients(self) -> None:
        """As long as it took to count."""
        log = vanishing()
        log.displays(range(200, 310, 10))

        seen = [(at, state) for at, rule, state in edges(log) if rule == RULE]
        assert seen == [(100, "firing"), (290, "resolved")]

    def test_resolves_when_the_loss_comes_down(self) -> None:
        """Then there is nothing to worry about."""
        log = vanishing()
        for number, loss in enumerate(falling(12, 2, 0.9)):
            log.display(200 + 10 * number, GONE, loss)

        assert [state for _, rule, state in edges(log) if rule == RULE] == ["firing", "resolved"]


class TestSilence:
    def test_on_a_net_that_learns(self) -> None:
        """Gradients may be as small as they like."""
        log = CaffeLog.started(NET)
        for number, loss in enumerate(falling(40)):
            log.display(10 * number, GONE, loss)

        assert found(log, RULE) == []

    def test_on_a_trained_net_that_was_resumed(self) -> None:
        """Its loss is low, and does not move."""
        log = resumed(NET)
        for number in range(500, 900, 10):
            log.display(number, GONE, 0.02)

        assert found(log, RULE) == []

    def test_on_gradients_that_are_all_small(self) -> None:
        """What counts is the way from the last layer to the first."""
        small = {f"d {name}.0": 1e-9 for name in ("ip1", "ip2", "ip3", "ip4", "score")}

        assert found(vanishing(values=small), RULE) == []

    def test_on_one_small_layer(self) -> None:
        """The first alone, behind a narrow one, may be small."""
        assert found(vanishing(values={"d ip1.0": 1e-9}), RULE) == []

    def test_on_gradients_of_exactly_nothing(self) -> None:
        """Those are zero_gradient's."""
        zero = {"d ip1.0": 0, "d ip2.0": 0, "d ip1.1": 0, "d ip2.1": 0}

        assert found(vanishing(values=zero), RULE) == []

    def test_on_biases(self) -> None:
        """Before BatchNorm theirs are 1e-9."""
        assert found(vanishing(values={f"d ip{n}.1": 1e-12 for n in (1, 2, 3)}), RULE) == []

    def test_on_a_net_of_two_layers(self) -> None:
        """There is no way on which to vanish."""
        log = CaffeLog.started((MLP[0], MLP[1], MLP[2], *MLP[5:]))
        log.displays(range(0, 300, 10), {"d ip1.0": 1e-12})

        assert found(log, RULE) == []


class TestSettings:
    @pytest.mark.parametrize(("ratio", "count"), [(1e-5, 0), (1.1e-5, 1)])
    def test_the_ratio_is_that_of_the_larger_of_the_first_two(
        self, ratio: float, count: int
    ) -> None:
        """Here 1e-8 over 1e-3."""
        assert len(found(vanishing(), RULE, tuned(RULE, ratio=ratio))) == count

    def test_a_layer_may_be_left_out(self) -> None:
        """The way then begins behind it."""
        rules = tuned(RULE, "ip[12]", enabled=False)

        assert only(vanishing(values={**GONE, "d ip4.0": 1e-7}), RULE, rules).place.layer == "ip3"


class TestRealLogs:
    def test_eight_sigmoid_layers(self) -> None:
        """From the first pass on, and for good."""
        (finding,) = real("vanishing_sigmoid", RULE)

        assert (finding.iteration, finding.place.layer, finding.state) == (0, "ip1", "firing")
        assert finding.layers[:3] == ["ip1", "ip2", "ip3"]

    @pytest.mark.parametrize("name", ["resume_ok", "resnet_ok", "siamese_ok", "zero_init"])
    def test_silent_on_others(self, name: str) -> None:
        """Trained nets, shortcuts, shared weights, and gradients of 0."""
        assert real(name, RULE) == []
