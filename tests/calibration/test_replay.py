from __future__ import annotations

import pytest

from calibration.replay import Replay, Role, axis_of
from tests.calibration.samples import gradients
from tests.log.samples import parse
from tests.logs import CaffeLog

RULE, PARAMETER = "gradient_explosion", "threshold"


def replay(log: CaffeLog, status: str = "healthy", **must: list[str]) -> Replay:
    """Make a labelled log; ``must`` gives the layers that rules have to name."""
    named = [{"rule": rule, "layers": layers} for rule, layers in must.items()]
    return Replay("log", parse(log.data), {"status": status, "must": named})


class TestReplay:
    def test_measures_the_largest_gradient(self) -> None:
        """The threshold at which explosion ceases is the largest gradient of the run."""
        found = replay(gradients(3e9)).measure(RULE, PARAMETER)

        assert (found.fires, found.below) == (True, None)
        assert found.above == pytest.approx(3e9, rel=0.05)

    def test_measures_how_long_a_symptom_lasts(self) -> None:
        """Seven passes without a gradient are found by rules that ask for seven."""
        found = replay(gradients(0.0, displays=7)).measure("zero_gradient", "passes")

        assert (found.fires, found.below, found.above) == (True, None, 7)

    def test_a_label_wants_its_layers_named(self) -> None:
        """A rule that names another layer has not found the fault."""
        log = gradients(3e9)

        found = [replay(log, "faulty", gradient_explosion=[x]).fires(RULE) for x in ("ip1", "ip2")]

        assert found == [True, False]

    def test_all_runs_of_a_log_count(self) -> None:
        """The fault may be in the second training of an appended log."""
        log = gradients(0.1)
        log.done()
        log.set_up()
        log.displays(range(0, 20, 10), {"d ip1.0": 3e9})

        assert replay(log).fires(RULE)

    @pytest.mark.parametrize(
        ("status", "rule", "role"),
        [("healthy", "crash", "healthy"), ("faulty", "crash", "must"), ("faulty", RULE, "faulty")],
    )
    def test_role(self, status: str, rule: str, role: Role) -> None:
        """A broken log need not show every rule, and is no false alarm where it does."""
        must: dict[str, list[str]] = {"crash": []} if status == "faulty" else {}

        assert replay(gradients(0.1), status, **must).role(rule) == role

    def test_unknown_parameter(self) -> None:
        """The message names it."""
        with pytest.raises(ValueError, match=r"crash\.severity is no parameter with a number"):
            axis_of("crash", "severity")
