from __future__ import annotations

import itertools

import pytest

from caffewatch.alert.folding import CAUSES, fold
from caffewatch.detect.finding import Finding, Place, Severity
from caffewatch.log.events import Moment
from caffewatch.log.run import Run
from tests.logs import CaffeLog, healthy
from tests.watched import alerts, only

SPEC = {
    "dead_activation": {"bad_input"},
    "saturated_activation": {"bad_input"},
    "zero_gradient": {"bad_input", "dead_activation", "saturated_activation"},
    "vanishing_gradient": {"bad_input", "dead_activation", "saturated_activation"},
    "loss_plateau": {
        "bad_input", "dead_activation", "saturated_activation", "zero_gradient",
        "vanishing_gradient",
    },
    "unchanged_weights": {
        "bad_input", "dead_activation", "saturated_activation", "zero_gradient",
        "vanishing_gradient",
    },
    "loss_divergence": {"gradient_explosion"},
    "loss_spike": {"gradient_explosion"},
    "weight_norm": {"gradient_explosion"},
}  # fmt: skip
OTHERS = {
    "bad_input", "gradient_explosion", "overfitting", "learning_rate", "stall", "slowdown",
    "update_ratio", "data_starvation", "suspect_data",
}  # fmt: skip
RUN = Run("id", 1, 1)
NAN = {"ip1": "nan", "ip1.0": "nan"}
PAIRS = list(itertools.permutations(sorted(SPEC.keys() | OTHERS), 2))


def seen(
    rule: str, iteration: int | None, severity: Severity = "warning", line: int | None = None
) -> Finding:
    """Make a finding; later iterations stand on later lines unless told otherwise."""
    line = line if line is not None else 100 + 10 * (iteration or 0)
    place = Place(line, Moment(iteration, estimated=False), None)
    return Finding(rule, severity, 1, place, [], "", ())


class TestChain:
    @pytest.mark.parametrize(("cause", "rule"), PAIRS, ids="-".join)
    def test_folds_what_the_contract_names_and_nothing_else(self, cause: str, rule: str) -> None:
        """Every pair of rules, in this direction."""
        earlier, later = seen(cause, 10), seen(rule, 10)

        expected = cause if cause in SPEC.get(rule, ()) else None

        assert (fold(later, [earlier, later], RUN), later.caused_by) == (
            earlier if expected else None,
            expected,
        )

    def test_names_the_nearest_cause(self) -> None:
        """A plateau follows from the gradient, and that from the input."""
        far, near, rule = seen("bad_input", 0), seen("zero_gradient", 5), seen("loss_plateau", 9)

        fold(rule, [far, near, rule], RUN)

        assert rule.caused_by == "zero_gradient"
        assert (near.consequences, far.consequences) == (["loss_plateau"], [])

    def test_knows_no_other_rules(self) -> None:
        """The table is the contract's."""
        assert {rule: set(causes) for rule, causes in CAUSES.items() if causes} == SPEC


class TestSeverity:
    @pytest.mark.parametrize(
        ("cause", "severity", "folded"),
        [
            ("info", "warning", False),
            ("warning", "critical", False),
            ("warning", "warning", True),
            ("critical", "warning", True),
            ("critical", "critical", True),
        ],
    )
    def test_never_into_a_lower_one(
        self, cause: Severity, severity: Severity, folded: bool
    ) -> None:
        """Somebody who asked for critical ones only would hear of neither."""
        first = seen("dead_activation", 0, cause)
        rule = seen("zero_gradient", 5, severity)

        assert (fold(rule, [first, rule], RUN) is first) == folded
        assert rule.loud == (not folded)


class TestOrder:
    @pytest.mark.parametrize(
        ("cause", "rule"),
        [
            ((10, 500), (10, 400)),  # the same pass: forward is printed before backward
            ((10, 400), (20, 500)),
            ((20, 500), (10, 400)),  # a plateau begins at 0, and is found when all are known
            ((None, 400), (10, 500)),
            ((10, 500), (None, 400)),
            ((None, 500), (None, 400)),
        ],
    )
    def test_a_cause_need_only_be_found_by_then(
        self, cause: tuple[int | None, int], rule: tuple[int | None, int]
    ) -> None:
        """What takes long to see may have begun before its cause was seen."""
        first = seen("dead_activation", cause[0], line=cause[1])
        second = seen("zero_gradient", rule[0], line=rule[1])

        assert fold(second, [first, second], RUN) is first

    @pytest.mark.parametrize(
        ("nan", "rule", "folded"),
        [
            ((10, 500), (10, 400), True),  # the same pass: forward is printed before backward
            ((10, 400), (20, 500), True),
            ((20, 500), (10, 400), False),
            ((20, 400), (10, 500), True),  # numbered by its display, found on a later line
            ((None, 400), (10, 500), True),
            ((10, 500), (None, 400), False),
            ((None, 500), (None, 400), False),
        ],
    )
    def test_a_nan_comes_first(
        self, nan: tuple[int | None, int], rule: tuple[int | None, int], folded: bool
    ) -> None:
        """By iteration within a pass, by line beyond it."""
        first = seen("non_finite", nan[0], "critical", line=nan[1])
        second = seen("zero_gradient", rule[0], line=rule[1])

        assert (fold(second, [first, second], RUN) is first) == folded

    @pytest.mark.parametrize(("ended", "folded"), [(99, False), (100, True), (150, True)])
    def test_a_cause_that_was_over_is_none(self, ended: int, folded: bool) -> None:
        """People were told that it is well again."""
        first, second = seen("dead_activation", 0), seen("zero_gradient", 100)
        first.state, first.ended = "resolved", ended

        assert (fold(second, [first, second], RUN) is first) == folded

    def test_a_cause_that_was_over_before_it_was_numbered(self) -> None:
        """Without iterations its state must do."""
        first, second = seen("dead_activation", None, line=1), seen("zero_gradient", None, line=9)
        first.state = "resolved"

        assert fold(second, [first, second], RUN) is None


class TestNonFinite:
    @pytest.mark.parametrize("rule", sorted(SPEC.keys() | OTHERS))
    def test_whatever_begins_after_it_is_its_consequence(self, rule: str) -> None:
        """Every other rule, from the same iteration on."""
        nan, later = seen("non_finite", 10, "critical"), seen(rule, 10, line=50)

        assert fold(later, [nan, later], RUN) is nan

    def test_what_began_before_is_not(self) -> None:
        """The explosion that led to the nan is the cause, not the consequence."""
        nan, before = seen("non_finite", 20, "critical"), seen("gradient_explosion", 10)

        assert fold(before, [nan, before], RUN) is None

    def test_is_never_folded(self) -> None:
        """Not even a later episode into an earlier one."""
        first, second = seen("non_finite", 0, "critical"), seen("non_finite", 9, "critical")

        assert fold(second, [first, second], RUN) is None

    def test_goes_before_any_other_cause(self) -> None:
        """The nan explains all."""
        nan, dead = seen("non_finite", 0, "critical"), seen("dead_activation", 0)
        rule = seen("zero_gradient", 5)

        fold(rule, [dead, nan, rule], RUN)

        assert rule.caused_by == "non_finite"


class TestCrash:
    def log(self, max_iter: int, displays: int = 3) -> CaffeLog:
        """Write a nan at 50 and so many displays more."""
        log = healthy(max_iter=max_iter)
        log.displays(range(50, 50 + 10 * displays, 10), NAN)
        return log

    def test_after_the_end_it_follows_from_the_nan(self) -> None:
        """Max pooling has corrupted memory, which shows when it is freed."""
        log = self.log(max_iter=80)
        log.done()
        log.raw("double free or corruption (out)")

        assert only(log, "crash").caused_by == "non_finite"

    def test_before_the_last_display_too(self) -> None:
        """No further display was to come."""
        log = self.log(max_iter=80)
        log.fatal()

        assert only(log, "crash").caused_by == "non_finite"

    def test_a_nan_in_the_block_that_was_cut_off_counts(self) -> None:
        """Its iteration is that of the display to come."""
        log = healthy(max_iter=50)
        log.forward(NAN, lines=6)
        log.fatal()

        assert only(log, "crash").caused_by == "non_finite"

    def test_in_mid_training_it_stands_by_itself(self) -> None:
        """Caffe trains on with nan; what ended it is another matter."""
        log = self.log(max_iter=1000)
        log.fatal()

        assert only(log, "crash").caused_by is None

    def test_without_a_nan_it_stands_by_itself(self) -> None:
        """Even after the end."""
        log = healthy(max_iter=50)
        log.done()
        log.signal("SIGSEGV")

        assert only(log, "crash").caused_by is None


class TestPeople:
    def test_a_folded_finding_is_listed_and_not_told(self) -> None:
        """One cause, one message."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"relu1": 0, "d ip1.0": 0})
        log.displays(range(60, 120, 10))
        edges = alerts(log)

        assert only(log, "zero_gradient").caused_by == "dead_activation"
        assert [alert.rule for alert in edges] == ["dead_activation"] * 2
        assert edges[1].annotations["consequences"] == "zero_gradient"
