from __future__ import annotations

import pytest

from tests.detect.nets import real
from tests.logs import DATA, MLP, CaffeLog, Layer, healthy, inner_product
from tests.watched import edges, found, only, tuned

RULE = "bad_input"


def varying(log: CaffeLog, numbers: range, key: str = "data") -> None:
    """Write displays whose input is another batch each."""
    for number in numbers:
        log.display(number, {key: 0.3 + number / 1e4})


class TestZero:
    def test_fires_at_the_fifth_pass_and_says_since_when(self) -> None:
        """A black batch or two prove nothing."""
        log = healthy(3)
        log.displays(range(30, 80, 10), {"data": 0})

        finding = only(log, RULE)

        assert edges(log) == [(70, RULE, "firing")]
        assert (finding.iteration, finding.place.previous_iteration) == (30, 20)
        assert (finding.place.layer, finding.place.kind, finding.place.value) == ("data", "top", 0)
        assert (finding.severity, finding.affects) == ("warning", 1)
        assert finding.message == "Since iteration 30 input data is all 0 for 5 passes."
        assert "what the data layer reads" in finding.advice[0]

    def test_four_passes_are_not_enough(self) -> None:
        """However often they come."""
        log = healthy(3)
        for start in (30, 80, 130):
            log.displays(range(start, start + 40, 10), {"data": 0})
            log.display(start + 40)

        assert found(log, RULE) == []

    def test_resolves_after_five_good_passes(self) -> None:
        """As long as it took to count."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"data": 0})
        varying(log, range(60, 110, 10))

        assert edges(log) == [(50, RULE, "firing"), (100, RULE, "resolved")]

    def test_does_not_end_while_it_comes_back(self) -> None:
        """A good pass among black ones is no recovery."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"data": 0})
        for start in range(60, 260, 50):
            varying(log, range(start, start + 10, 10))
            log.displays(range(start + 10, start + 50, 10), {"data": 0})

        assert [f.state for f in found(log, RULE)] == ["firing"]

    def test_the_second_episode_needs_longer_to_be_over(self) -> None:
        """What comes and goes shall be a handful of episodes."""
        log = healthy(1)
        for start in (10, 110):
            log.displays(range(start, start + 50, 10), {"data": 0})
            varying(log, range(start + 50, start + 100, 10))
        varying(log, range(210, 260, 10))

        assert [at for at, _, _ in edges(log)] == [50, 100, 150, 250]


class TestScale:
    @pytest.mark.parametrize(("value", "count"), [(999.9, 0), (1000, 1), (4e6, 1)])
    def test_fires_from_a_thousand_on(self, value: float, count: int) -> None:
        """No image has such a mean."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"data": value})

        assert len(found(log, RULE)) == count

    def test_says_how_large(self) -> None:
        """And how to scale it."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"data": 4187.5})

        finding = only(log, RULE)

        assert "has a mean |value| of 4187.5, beyond any image's scale" in finding.message
        assert "scale: 0.00390625" in finding.advice[0]

    def test_raw_images_are_fed_on_purpose(self) -> None:
        """0 to 255, with and without the mean."""
        log = CaffeLog.started()
        for number in range(0, 600, 10):
            log.display(number, {"data": 113 + number / 100})

        assert found(log, RULE) == []


class TestConstant:
    def test_fires_at_the_fiftieth_pass_that_is_the_same(self) -> None:
        """The first of them has one to be the same as."""
        log = CaffeLog.started()
        log.displays(range(0, 510, 10), {"data": 0.25})

        finding = only(log, RULE)

        assert [e for e in edges(log) if e[1] == RULE] == [(500, RULE, "firing")]
        assert "has been the very same (0.25) for 50 passes" in finding.message
        assert "the same batch every time" in finding.advice[0]

    def test_one_other_batch_begins_it_anew(self) -> None:
        """Six digits of a mean do not repeat by chance."""
        log = CaffeLog.started()
        log.displays(range(0, 490, 10), {"data": 0.25})
        log.display(490, {"data": 0.26})
        log.displays(range(500, 980, 10), {"data": 0.25})

        assert found(log, RULE) == []


class TestWhatIsNoInput:
    def bad(self, *layers: Layer, key: str) -> CaffeLog:
        """Write a log of a net in which one blob is 0 from the start."""
        log = CaffeLog.started(layers)
        for number in range(0, 100, 10):
            log.display(number, {"data": 0.3 + number / 1e4, key: 0})
        return log

    def test_labels(self) -> None:
        """A batch of class 0 only."""
        assert found(self.bad(*MLP, key="data/label"), RULE) == []

    def test_what_only_a_loss_reads(self) -> None:
        """Whatever it is called, and through layers that learn nothing."""
        source = Layer("data", "HDF5Data", (), ("data", "heat"))
        split = Layer("heat_split", "Split", ("heat",), ("heat_0", "heat_1"))
        net = (
            source, split, *MLP[1:-1],
            Layer("loss", "EuclideanLoss", ("score", "heat_0"), ("loss",)),
            Layer("right", "Accuracy", ("score", "heat_1"), ("right",)),
        )  # fmt: skip

        assert found(self.bad(*net, key="data/heat"), RULE) == []

    def test_what_a_layer_that_learns_reads_is_one(self) -> None:
        """Though an autoencoder's loss reads it, too."""
        source = Layer("data", "HDF5Data", (), ("data", "second"))
        net = (
            source, *MLP[1:-1], inner_product("ip9", "second"),
            Layer("loss", "EuclideanLoss", ("score", "second"), ("loss",)),
        )  # fmt: skip

        assert only(self.bad(*net, key="data/second"), RULE).place.blob == "second"

    @pytest.mark.parametrize("name", ["im_info", "gt_boxes", "rois", "clip", "loss_weights"])
    def test_sizes_boxes_and_switches(self, name: str) -> None:
        """They may be 0 or in the hundreds."""
        source = Layer("data", "Python", (), ("data", name))
        net = (source, *MLP[1:], inner_product("ip9", name))

        assert found(self.bad(*net, key=f"data/{name}"), RULE) == []

    @pytest.mark.parametrize("kind", ["DummyData", "Parameter"])
    def test_constants_and_weights(self, kind: str) -> None:
        """A recurrent net's first state is 0 by design."""
        net = (*MLP, Layer("state", kind, (), ("state",)), inner_product("ip9", "state"))

        assert found(self.bad(*net, key="state"), RULE) == []

    def test_a_net_that_was_never_described(self) -> None:
        """A cut log: only what is called data is taken for an input."""
        log = CaffeLog((DATA, inner_product("ip1", "data")))
        for number in range(5):
            log.block({"data": 0, "ip1": 0})
            log.say(f"Iteration {number}, loss = 2")

        assert [f.place.blob for f in found(log, RULE)] == ["data"]


class TestSettings:
    def test_thresholds_may_differ_by_layer(self) -> None:
        """Here a data layer of which more is known."""
        log = healthy(1)
        log.displays(range(10, 40, 10), {"data": 300})

        finding = only(log, RULE, tuned(RULE, "dat*", largest=255.0, passes=3))

        assert (finding.iteration, finding.place.value) == (10, 300)

    def test_a_layer_may_be_left_out(self) -> None:
        """Its zeros are meant."""
        log = healthy(1)
        log.displays(range(10, 100, 10), {"data": 0})

        assert found(log, RULE, tuned(RULE, "data", enabled=False)) == []


class TestRealLogs:
    @pytest.mark.parametrize(
        ("name", "words"),
        [("raw_input", "mean |value| of 4187.5"), ("r11_021_zero_input", "is all 0")],
    )
    def test_from_the_first_iteration(self, name: str, words: str) -> None:
        """Data layers are wrong from the start."""
        (finding,) = real(name, RULE)

        assert (finding.iteration, finding.place.layer, finding.state) == (0, "data", "firing")
        assert words in finding.message
