from __future__ import annotations

import pytest

from tests.detect.nets import real
from tests.logs import MLP, CaffeLog
from tests.watched import edges, found, only, tuned

RULE = "unchanged_weights"
STUCK = {"d ip1.0": 0.1}
"""0.01 times 0.1 is a hundredth of the weight of 0.1 that all displays show."""


def moving(log: CaffeLog, numbers: range) -> None:
    """Write displays whose weights move."""
    for number in numbers:
        log.display(number, STUCK | {"ip1.0": 0.1 + number / 1e5})


class TestPlace:
    def test_fires_at_the_tenth_display_without_a_change(self) -> None:
        """The first of them is the first that shows the number again."""
        log = CaffeLog.started()
        moving(log, range(0, 30, 10))
        log.displays(range(30, 140, 10), STUCK)

        finding = only(log, RULE)

        assert edges(log) == [(130, RULE, "firing")]
        assert (finding.iteration, finding.place.layer, finding.place.quantity) == (
            40,
            "ip1",
            "data",
        )
        assert (finding.severity, finding.layers) == ("warning", ["ip1"])
        assert "the weights of ip1 have not moved for 10 passes" in finding.message
        assert "that of ip1 is 0.1" in finding.message
        assert "shared parameter" in finding.advice[0]

    def test_nine_displays_are_not_enough(self) -> None:
        """However often they come."""
        log = CaffeLog.started()
        for start in range(0, 500, 110):
            log.displays(range(start, start + 100, 10), STUCK)
            moving(log, range(start + 100, start + 110, 10))

        assert found(log, RULE) == []

    def test_resolves_after_ten_changes(self) -> None:
        """As long as it took to count."""
        log = CaffeLog.started()
        log.displays(range(0, 120, 10), STUCK)
        moving(log, range(120, 230, 10))

        assert edges(log) == [(110, RULE, "firing"), (210, RULE, "resolved")]

    def test_names_layers_that_come_later(self) -> None:
        """In net order."""
        log = CaffeLog.started()
        log.displays(range(0, 110, 10), {"d ip2.0": 0.1})
        log.displays(range(110, 230, 10), {"d ip2.0": 0.1} | STUCK)

        assert only(log, RULE).layers == ["ip1", "ip2"]


class TestSilence:
    def test_on_small_gradients(self) -> None:
        """A step of 1e-4 of the weight is below what was asked for."""
        log = CaffeLog.started()
        log.displays(range(0, 300, 10))

        assert found(log, RULE) == []

    def test_on_the_repeats_of_iter_size(self) -> None:
        """They all work on the same weights."""
        log = CaffeLog.started(iter_size=20)
        moving(log, range(0, 100, 10))

        assert found(log, RULE) == []

    @pytest.mark.parametrize("solver", ["Adam", "RMSProp"])
    def test_on_solvers_whose_step_is_not_known(self, solver: str) -> None:
        """A gradient says nothing of their step."""
        log = CaffeLog.started(type=f'"{solver}"')
        log.displays(range(0, 300, 10), STUCK)

        assert found(log, RULE) == []

    def test_on_clipped_gradients(self) -> None:
        """What is printed is not what is applied."""
        log = CaffeLog.started()
        log.clip(1e6)
        log.displays(range(0, 300, 10), STUCK)

        assert found(log, RULE) == []

    def test_on_a_rate_of_nothing(self) -> None:
        """That is learning_rate's."""
        log = CaffeLog.started()
        for number in range(0, 300, 10):
            log.display(number, STUCK, lr=0)

        assert found(log, RULE) == []

    def test_on_frozen_layers(self) -> None:
        """With a gradient, as force_backward prints it."""
        frozen = tuple(x._replace(lr_mults=(0.0, 0.0)) if x.lr_mults else x for x in MLP)
        log = CaffeLog.started(frozen)
        log.displays(range(0, 300, 10), STUCK)

        assert found(log, RULE) == []


class TestSettings:
    def test_thresholds_may_differ_by_layer(self) -> None:
        """A smaller step, and fewer passes."""
        log = CaffeLog.started()
        log.displays(range(0, 50, 10), {"d ip1.0": 0.009, "d ip2.0": 0.009})

        finding = only(log, RULE, tuned(RULE, "ip2", expected=5e-4, passes=3))

        assert (finding.iteration, finding.layers) == (20, ["ip2"])


class TestRealLogs:
    @pytest.mark.parametrize("name", ["lenet_quiet_ok", "itersize_ok", "finetune_frozen_ok"])
    def test_silent_on_healthy_ones(self, name: str) -> None:
        """No debug_info, repeats, frozen layers."""
        assert real(name, RULE) == []
