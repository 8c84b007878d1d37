from __future__ import annotations

import pytest

from caffewatch.detect.registry import RULES
from caffewatch.detect.settings import RuleSettings
from tests.logs import healthy
from tests.watched import edges, found, only, tuned

RULE = "non_finite"
ALL_BAD = {"ip1": "nan", "ip1.0": "nan", "score": "nan", "loss": "nan", "d ip1.0": "nan"}


class TestLife:
    def test_fires_once_for_a_nan_that_stays(self) -> None:
        """Caffe goes on; people are told once."""
        log = healthy()
        for number in range(50, 200, 10):
            log.display(number, ALL_BAD, "nan")

        assert edges(log) == [(50, RULE, "firing")]

    @pytest.mark.parametrize("loss", [2.0, "nan"])
    def test_resolves_after_three_clean_displays(self, loss: str | float) -> None:
        """A display is whole when the next one begins."""
        log = healthy()
        log.display(50, {"ip1": "nan"}, loss)
        log.displays(range(60, 120, 10))

        assert edges(log) == [(50, RULE, "firing"), (90, RULE, "resolved")]
        assert only(log, RULE).ended == 90

    def test_a_second_nan_is_a_second_episode(self) -> None:
        """What was over and comes back is told again."""
        log = healthy()
        for start in (50, 150):
            log.display(start, {"ip1": "nan"})
            log.displays(range(start + 10, start + 100, 10))

        assert [finding.episode for finding in found(log, RULE)] == [1, 2]

    def test_a_layer_may_be_left_out(self) -> None:
        """A glob switches the rule off where inf is meant."""
        log = healthy()
        log.display(50, {"ip1": "inf", "score": "nan"})

        assert only(log, RULE, tuned(RULE, "ip*", enabled=False)).place.layer == "score"
        assert found(log, RULE, tuned(RULE, "[is]*", enabled=False)) == []

    def test_a_layer_may_have_its_own_severity(self) -> None:
        """The severity is the named layer's."""
        log = healthy()
        log.display(50, {"ip1": "inf"})

        assert only(log, RULE, tuned(RULE, "ip1", severity="info")).severity == "info"

    def test_what_has_no_layer_follows_the_rule(self) -> None:
        """A rule that is on for some layers alone does not judge the loss."""
        off, on = (RULES[RULE].Parameters(enabled=x) for x in (False, True))
        log = healthy()
        log.display(50, loss="nan")

        assert found(log, RULE, RuleSettings({RULE: off}, {RULE: (("ip*", on),)})) == []

    def test_may_be_switched_off(self) -> None:
        """A disabled rule sees nothing."""
        log = healthy()
        log.display(50, ALL_BAD, "nan")

        assert found(log, RULE, tuned(RULE, enabled=False)) == []


class TestPatience:
    def test_a_nan_that_comes_and_goes_is_a_handful_of_episodes(self) -> None:
        """Each episode must be quiet twice as long as the one before to be over."""
        log = healthy()
        for start in range(50, 5050, 50):
            log.display(start, {"ip1": "nan"})
            log.displays(range(start + 10, start + 50, 10))

        assert len(found(log, RULE)) == 2

    def test_the_second_episode_needs_twice_as_many_clean_displays(self) -> None:
        """Three displays after the first, six after the second."""
        log = healthy()
        log.display(50, {"ip1": "nan"})
        log.displays(range(60, 100, 10))
        log.display(100, {"ip1": "nan"})
        log.displays(range(110, 190, 10))

        assert edges(log) == [
            (50, RULE, "firing"),
            (90, RULE, "resolved"),
            (100, RULE, "firing"),
            (170, RULE, "resolved"),
        ]


class TestHiddenFormFirst:
    def test_the_nan_takes_the_finding_over(self) -> None:
        """87.3365 was told already; where the nan itself began is what the report names."""
        log = healthy()
        for number in range(50, 100, 10):
            log.display(number, loss=87.3365)
        log.display(100, {"ip2": "nan"}, "nan")

        finding = only(log, RULE)

        assert (finding.iteration, finding.place.layer) == (100, "ip2")
        assert "Before that, at iteration 50 training output loss stays at 87.3365" in (
            finding.message
        )
        assert edges(log) == [(70, RULE, "firing")]
