from __future__ import annotations

import pytest

from tests.detect.nets import deep, falling, real, resumed
from tests.logs import CaffeLog
from tests.watched import edges, found, only, tuned

RULE = "saturated_activation"
TANH, SIGMOID = deep("TanH"), deep("Sigmoid")


def started() -> CaffeLog:
    """Begin a log of a TanH net that is well for two displays."""
    log = CaffeLog.started(TANH)
    log.displays(range(0, 20, 10))
    return log


class TestTanH:
    def test_fires_at_the_fifth_pass_and_says_since_when(self) -> None:
        """Single passes are nothing."""
        log = started()
        log.displays(range(20, 70, 10), {"act2": 0.97, "act3": 0.99})

        finding = only(log, RULE)

        assert edges(log) == [(60, RULE, "firing")]
        assert (finding.iteration, finding.place.previous_iteration) == (20, 10)
        assert (finding.place.layer, finding.layers, finding.affects) == (
            "act2",
            ["act2", "act3"],
            2,
        )
        assert finding.severity == "warning"
        assert "act2 and act3 stay at the end of their range for 5 passes" in finding.message
        assert "|output| of act2 is 0.97" in finding.message
        assert "xavier" in finding.advice[0]

    @pytest.mark.parametrize(("value", "count"), [(0.899, 0), (0.9, 1)])
    def test_from_the_threshold_on(self, value: float, count: int) -> None:
        """Healthy ones stay below three quarters."""
        log = started()
        log.displays(range(20, 120, 10), {"act1": value})

        assert len(found(log, RULE, tuned(RULE, tanh=0.9))) == count

    def test_three_quarters_are_healthy(self) -> None:
        """By default."""
        log = started()
        log.displays(range(20, 120, 10), {"act1": 0.75})

        assert found(log, RULE) == []

    def test_four_passes_are_not_enough(self) -> None:
        """However often they come."""
        log = started()
        for start in (20, 70, 120):
            log.displays(range(start, start + 40, 10), {"act1": 0.99})
            log.display(start + 40)

        assert found(log, RULE) == []

    def test_resolves_after_five_passes_without(self) -> None:
        """And names on the way who joined."""
        log = started()
        log.displays(range(20, 70, 10), {"act2": 0.99})
        log.displays(range(70, 120, 10), {"act1": 0.99, "act2": 0.99})
        log.displays(range(120, 170, 10))

        assert edges(log) == [(60, RULE, "firing"), (160, RULE, "resolved")]
        assert only(log, RULE).layers == ["act1", "act2"]

    def test_a_pass_with_nan_neither_counts_nor_ends(self) -> None:
        """Its values prove nothing."""
        log = started()
        log.displays(range(20, 60, 10), {"act1": 0.99})
        log.display(60, {"act1": 0.99, "score": "nan"})
        log.display(70, {"act1": 0.99})

        assert [edge for edge in edges(log) if edge[1] == RULE] == [(70, RULE, "firing")]
        assert only(log, RULE).iteration == 20


class TestSigmoid:
    @pytest.mark.parametrize(("value", "count"), [(0.01, 1), (0.021, 0), (0.979, 0), (0.99, 1)])
    def test_at_either_end_where_nothing_is_learned(self, value: float, count: int) -> None:
        """It counts from where the loss can tell: ten displays, and five more."""
        log = CaffeLog.started(SIGMOID)
        log.displays(range(0, 200, 10), {"act1": value})

        seen = found(log, RULE)

        assert len(seen) == count
        assert [f.iteration for f in seen] == [100] * count

    def test_a_sparse_output_that_was_learned(self) -> None:
        """An output at 0 is right where the target is."""
        log = CaffeLog.started(SIGMOID)
        for number, loss in enumerate(falling(40)):
            log.display(10 * number, {"act4": 0.01}, loss)

        assert found(log, RULE) == []

    def test_a_resumed_run_has_learned_before(self) -> None:
        """Its loss is low and stays there."""
        log = resumed(SIGMOID)
        for number in range(500, 900, 10):
            log.display(number, {"act4": 0.01}, 0.05)

        assert found(log, RULE) == []

    def test_a_log_that_begins_in_the_midst_of_a_run(self) -> None:
        """Nothing says where its loss began."""
        log = CaffeLog.started(SIGMOID)
        for number in range(5000, 5400, 10):
            log.display(number, {"act4": 0.01}, 0.05)

        assert found(log, RULE) == []


class TestSettings:
    def test_thresholds_may_differ_by_layer(self) -> None:
        """One layer is looked at more strictly."""
        log = started()
        log.displays(range(20, 50, 10), {"act1": 0.8, "act2": 0.8})

        assert only(log, RULE, tuned(RULE, "*2", tanh=0.75, passes=3)).layers == ["act2"]

    def test_a_layer_may_be_left_out(self) -> None:
        """A binary code wants to be at the ends."""
        log = started()
        log.displays(range(20, 120, 10), {"act4": 1})

        assert found(log, RULE, tuned(RULE, "act4", enabled=False)) == []


class TestRealLogs:
    def test_from_the_first_iteration(self) -> None:
        """Weights of too high a variance."""
        (finding,) = real("r11_025_saturate", RULE)

        assert (finding.iteration, finding.layers) == (0, ["tanh1", "tanh2", "tanh3", "tanh4"])

    def test_silent_on_sigmoids_in_the_middle(self) -> None:
        """The sigmoids of a vanishing net are in their middle."""
        assert real("vanishing_sigmoid", RULE) == []
