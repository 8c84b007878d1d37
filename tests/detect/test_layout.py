from __future__ import annotations

import gc

import pytest

from caffewatch.detect import detector
from caffewatch.detect.layout import Layout
from caffewatch.detect.registry import RULES
from caffewatch.log.events import Blob
from caffewatch.log.topology import Layer, Net
from caffewatch.monitor import Monitor
from tests.logs import DATA, MLP, CaffeLog, inner_product, relu
from tests.logs import Layer as Spec
from tests.watched import watch


def layout(log: CaffeLog) -> Layout:
    """Return the layout of the last pass of a log."""
    run = watch(log).runs[-1].run
    assert run.last_pass is not None
    return Layout(run.last_pass.blobs, run.net)


def log_of(*layers: Spec) -> CaffeLog:
    """Write one display of a net."""
    log = CaffeLog.started(layers)
    log.display(0)
    return log


class TestParameters:
    def test_pairs_data_with_gradient(self) -> None:
        """Forward prints names in layer order, backward indices in reverse."""
        found = layout(log_of(*MLP))
        blobs = found.blobs

        pairs = [(blobs[p.data or 0], blobs[p.diff or 0]) for p in found.parameters]

        assert [data.layer for data, _ in pairs] == ["ip1", "ip1", "ip2", "ip2", "score", "score"]
        assert [data.blob for data, _ in pairs] == [diff.blob for _, diff in pairs]
        assert {diff.quantity for _, diff in pairs} == {"diff"}

    def test_a_named_parameter(self) -> None:
        """Its name stands in forward where its index stands in backward."""
        blobs = (
            Blob("forward", "ip1", "param", "shared_w", "data"),
            Blob("forward", "ip1", "param", "shared_b", "data"),
            Blob("backward", "ip1", "param", "0", "diff"),
            Blob("backward", "ip1", "param", "1", "diff"),
        )

        found = Layout(blobs, Net()).parameters

        assert [(p.number, p.data, p.diff) for p in found] == [(0, 0, 2), (1, 1, 3)]

    def test_an_index_that_is_none(self) -> None:
        """A digit that stands for no number names no parameter."""
        blobs = (Blob("backward", "ip1", "param", "\u00b2", "diff"),)

        assert Layout(blobs, Net()).parameters == []

    def test_a_gradient_without_data_and_the_reverse(self) -> None:
        """A parameter may be printed in one half alone."""
        blobs = (
            Blob("forward", "ip1", "param", "0", "data"),
            Blob("backward", "ip2", "param", "0", "diff"),
            Blob("backward", "ip2", "param", "name", "diff"),
        )

        found = Layout(blobs, Net()).parameters

        assert [(p.layer, p.data, p.diff, p.learned) for p in found] == [
            ("ip1", 0, None, False), ("ip2", None, 1, True),
        ]  # fmt: skip

    def test_what_is_learned(self) -> None:
        """Neither what lr_mult 0 freezes nor the statistics of BatchNorm."""
        frozen = inner_product("ip1", "data", 0, 1)
        norm = Spec("norm", "BatchNorm", ("ip1",), ("ip1",), (1, 1, 1))
        found = layout(log_of(DATA, frozen, norm, inner_product("ip2", "ip1")))

        assert [(p.layer, p.number) for p in found.parameters if p.learned] == [
            ("ip1", 1), ("ip2", 0), ("ip2", 1),
        ]  # fmt: skip

    def test_where_the_weights_of_a_layer_stand(self) -> None:
        """All its parameters' data, and nothing of other layers."""
        found = layout(log_of(*MLP))

        assert [found.blobs[at].blob for at in found.weights_of("ip2")] == ["0", "1"]
        assert found.weights_of("relu1") == []


class TestActivations:
    def test_output_and_input_of_in_place_layers(self) -> None:
        """The key of a value is layer and blob."""
        found = layout(log_of(*MLP))

        names = [
            (a.layer, found.blobs[a.output].layer, found.blobs[a.input].layer)
            for a in found.activations
        ]

        assert names == [("relu1", "relu1", "ip1"), ("relu2", "relu2", "ip2")]

    def test_an_input_that_was_never_printed(self) -> None:
        """A block that begins in its middle has no input to compare with."""
        assert layout(log_of(relu("relu1", "ip1"), inner_product("ip2", "ip1"))).activations == []

    def test_a_block_without_backward(self) -> None:
        """All its values are [Forward] ones."""
        blobs = (Blob("forward", "ip1", "top", "ip1", "data"),)

        assert Layout(blobs, Net("", {"ip1": Layer("ip1")})).backward == 1


class TestDetector:
    def test_causes_come_before_what_follows_from_them(self) -> None:
        """Folding finds a cause only among what was found before."""
        order = list(RULES)

        assert order.index("non_finite") == 0
        assert order.index("dead_activation") < order.index("zero_gradient")

    def test_remembers_a_bounded_number_of_layouts(self) -> None:
        """A hostile log may have any number of orders."""
        monitor = Monitor()
        log = CaffeLog.started()
        for number in range(100):
            log.say(f"    [Forward] Layer x{number}, top blob x{number} data: 1", "net.cpp:593")
            log.display(number)
        before = _layouts()

        monitor.feed(log.data, 0.0)

        assert monitor.runs[0].run.passes == 100
        assert 1 <= _layouts() - before <= 64

    def test_and_of_values(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Few orders may be long."""
        monkeypatch.setattr(detector, "_MAX_VALUES", 100)
        monitor = Monitor()
        log = CaffeLog.started()
        for number in range(20):
            log.say(f"    [Forward] Layer x{number}, top blob x{number} data: 1", "net.cpp:593")
            log.display(number)
        before = _layouts()

        monitor.feed(log.data, 0.0)

        assert 1 <= _layouts() - before <= 5


def _layouts() -> int:
    gc.collect()
    return sum(isinstance(x, Layout) for x in gc.get_objects())
