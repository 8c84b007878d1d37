from __future__ import annotations

from tests.logs import DATA, LOSS, MLP, CaffeLog, Layer, healthy, inner_product
from tests.watched import only

RULE = "non_finite"
ALL_BAD = {"ip1": "nan", "ip1.0": "nan", "score": "nan", "loss": "nan", "d ip1.0": "nan"}


class TestAdvice:
    def test_bad_input(self) -> None:
        """A nan that comes with the data is no matter of the learning rate."""
        log = healthy()
        log.display(50, {"data": "nan", "ip1": "nan"})

        assert only(log, RULE).advice[0].startswith("The input itself is bad")

    def test_blown_up_weights(self) -> None:
        """The rate that blew up, and a tenth of it, are named."""
        log = healthy()
        log.display(50, ALL_BAD, "nan")

        assert "the rate was 0.01, try 0.001" in only(log, RULE).advice[0]

    def test_an_unknown_rate_is_not_named(self) -> None:
        """Before the first lr line nobody knows it."""
        log = CaffeLog.started()
        log.display(0, ALL_BAD, "nan")

        assert "lower base_lr to a tenth," in only(log, RULE).advice[0]

    def test_an_overflow_between_finite_neighbours(self) -> None:
        """An inner product that overflows has its input and its rate to blame."""
        log = healthy()
        log.display(50, {"ip2": "inf"})

        assert "overflowed though its parameters are finite" in only(log, RULE).advice[0]

    def test_a_layer_with_a_domain(self) -> None:
        """A logarithm of a negative number is a fault of the net."""
        log1 = Layer("log1", "Log", ("ip1",), ("log1",))
        log = CaffeLog.started((*MLP[:2], log1, inner_product("score", "log1"), LOSS))
        log.display(0, {"log1": "nan", "score": "nan"})

        assert only(log, RULE).advice[0].startswith("Layer log1 (Log) takes the logarithm")

    def test_an_input_blob_without_a_dump(self) -> None:
        """The layer named data is the input where the log describes none."""
        log = CaffeLog((DATA, *MLP[1:]))
        log.say("Solving mlp")
        log.display(0, {"data": "nan"})

        assert "The input itself is bad" in only(log, RULE).advice[0]
