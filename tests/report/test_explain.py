from __future__ import annotations

import pytest

from caffewatch.report.explain import Explanation, Reading, explain
from caffewatch.report.explain_block import BlockReader
from tests.logs import CaffeLog, Layer, Values, healthy, inner_product
from tests.watched import REFERENCE


def read(log: CaffeLog | bytes, iteration: int | None = None) -> Explanation:
    """Explain a block of a log."""
    reader = BlockReader(iteration, REFERENCE)
    reader.feed(log if isinstance(log, bytes) else log.data)
    picture = reader.close()
    assert picture is not None
    return explain(picture)


def of(log: CaffeLog, key: str) -> Reading:
    """Return the line of a place, named as in `CaffeLog`: ``d ip1.0``."""
    backward, name = key.startswith("d "), key.removeprefix("d ")
    layer, _, number = name.partition(".")
    kinds = ("param",) if number else ("top", "bottom")
    (found,) = (
        x for x in read(log).readings
        if x.entry.blob.layer == layer and x.entry.gradient == backward
        and x.entry.blob.kind in kinds and number in ("", x.entry.blob.blob)
        and x.entry.blob.blob != "label"
    )  # fmt: skip
    return found


def ends_with(values: Values, displays: int = 10, **solver: object) -> CaffeLog:
    """Write healthy displays and one more with these values."""
    log = healthy(displays, **solver)
    log.display(10 * displays, values)
    return log


def marks(log: CaffeLog) -> dict[tuple[str, str], str]:
    """Return (layer, meaning) -> mark of the lines to look at."""
    return {
        (x.entry.blob.layer, x.meaning): x.mark.text for x in read(log).marked if x.mark is not None
    }


class TestWords:
    @pytest.mark.parametrize(
        ("key", "layer", "meaning"),
        [
            ("data", "HDF5Data", "the input batch, as the net gets it"),
            ("ip1", "fully connected", "the output, before any activation"),
            ("ip1.0", "fully connected", "the weights"),
            ("ip1.1", "fully connected", "the bias, one number for each output"),
            ("relu1", "ReLU", "the output: what the ReLU makes in place"),
            ("loss", "softmax and cross-entropy", "the loss of this batch"),
            ("d loss", "softmax and cross-entropy",
             "the gradient with respect to score, what the loss read"),
            ("d ip2", "fully connected", "the gradient with respect to its input ip1, passed down"),
            ("d ip1.0", "fully connected", "the gradient with respect to the weights"),
            ("d ip1.1", "fully connected", "the gradient with respect to the bias"),
        ],
    )  # fmt: skip
    def test_meaning(self, key: str, layer: str, meaning: str) -> None:
        """Each line is told by its layer's type and its blob's part in it."""
        reading = of(healthy(), key)

        assert (layer, meaning) == (reading.layer, reading.meaning)

    def test_batch_normalisation(self) -> None:
        """Its three blobs are sums and their factor, not weights."""
        bn = Layer("bn", "BatchNorm", ("ip1",), ("ip1",), (0.0, 0.0, 0.0))
        log = CaffeLog.started((Layer("data", "HDF5Data", (), ("data",)), bn))
        log.displays((0, 10))

        said = [x.meaning for x in read(log).readings if x.entry.number is not None]

        assert said == [
            "the means of batches, added up",
            "the variances of batches, added up",
            "the factor that both sums are divided by",
        ]

    def test_split(self) -> None:
        """Caffe's own copies are no activation, whatever they are called."""
        split = Layer("ip1_relu1_0_split", "", ("ip1",), ("a", "b"))
        log = CaffeLog(
            (Layer("data", "HDF5Data", (), ("data",)), inner_product("ip1", "data"), split)
        )
        log.displays((0, 10))

        copies = [x for x in read(log).readings if x.entry.kind == "Split" and not x.entry.gradient]

        assert [x.meaning for x in copies] == [f"{x}, a copy for one reader" for x in "ab"]
        assert [x.note for x in copies] == ["", ""]

    @pytest.mark.parametrize(
        ("key", "value", "note"),
        [
            ("relu1", 0.05, "25% of its input"),
            ("d ip1.0", 0.02, "lr * gradient = 2.0e-03 of the weights"),
            ("d ip1.0", 0.0, "gradient 0: the loss does not move it"),
            ("loss", 2.302, "= ln(10), chance among 10 classes"),
            ("data", 0.3, "scaled to about 1"),
            ("data", 55.0, "images less their mean?"),
            ("data", 120.0, "raw 0-255 images?"),
        ],
    )
    def test_notes(self, key: str, value: float, note: str) -> None:
        """Shares, step sizes, chance and scales are worked out."""
        log = CaffeLog.started()
        log.displays((0, 10), {key: value})

        assert of(log, key).note == note

    def test_updates(self) -> None:
        """[Update] lines of old versions are read too."""
        log = healthy(2)
        log.say("    [Update] Layer ip1, param 1 data: 0.1; diff: 0.001", "net.cpp:660")
        log.display(20)

        data, change = read(log, 10).readings[-2:]

        assert data.meaning == "the bias, one number for each output"
        assert change.meaning == "the change of the bias, one number for each output"
        assert change.normal.startswith("1e-4 to 1e-2 of the parameter")

    def test_history(self) -> None:
        """The blocks before count, the block itself does not."""
        log = CaffeLog.started()
        for number, value in enumerate((1.0, 2.0, 6.0, 4.0)):
            log.display(10 * number, {"ip1": value})

        entry = of(log, "ip1").entry

        assert (entry.value, entry.history, entry.usual) == (4.0, (1.0, 2.0, 6.0), 2.0)


class TestMarks:
    def test_none_on_a_healthy_block(self) -> None:
        """It says so, and why."""
        explanation = read(healthy())

        assert explanation.marked == []
        assert explanation.advice == []
        assert explanation.verdict == (
            "This block looks healthy: all 25 values are finite; gradients reach 6 parameters;"
            " ReLUs let 50% through; one step changes the weights by 1.0e-04 of their size;"
            " no value leaves what it was in 4 blocks before."
        )

    def test_first_block(self) -> None:
        """A first block has nothing to be compared with, and biases of 0 are right there."""
        log = CaffeLog.started()
        log.display(0, {"ip1.1": 0, "ip2.1": 0, "score.1": 0})

        assert read(log).verdict.endswith("there is no block before it to compare with.")

    @pytest.mark.parametrize(
        ("key", "value", "text"),
        [
            ("d ip1.0", 2e8, "a mean gradient of 1e+08 or more: it explodes"),
            ("d ip1.0", 0.2, "200 times what it usually is in this run"),
            ("ip1.0", 4.0, "40 times what it usually is in this run"),
            ("d ip2.1", 0, "exactly 0: it learns nothing"),
            ("d ip2", 0, "exactly 0: nothing is passed down"),
            ("ip2.0", 0,
             "all weights are exactly 0: every unit of the layer is alike and stays so"),
            ("relu2", 0, "it lets nothing through"),
            ("relu2", 0.002, "lets only 1.00% of its input through: it is dying"),
            ("data", 300.0, "1500 times what it usually is in this run"),
            ("loss", 87.3365,
             "87.3365 = -ln(FLT_MIN): the softmax gives the true class the probability 0"),
            ("loss", 250.0,
             "more than 87.3365, the most a softmax loss can be when it is normalised"),
        ],
    )  # fmt: skip
    def test_each(self, key: str, value: float, text: str) -> None:
        """One value out of order, one mark."""
        mark = of(ends_with({key: value}), key).mark

        assert mark is not None
        assert mark.text == text
        assert mark.advice

    @pytest.mark.parametrize(
        ("key", "value"),
        [("d ip1.0", 0.09), ("d ip1.0", 1e-6), ("ip1.1", 0), ("loss", 0.001), ("relu2", 0.01)],
    )
    def test_not_marked(self, key: str, value: float) -> None:
        """What falls, or rises by less than its kind does in healthy runs, is left alone."""
        assert of(ends_with({key: value}), key).mark is None

    def test_no_gradient_where_the_loss_is_0(self) -> None:
        """A hinge loss that has reached 0 has none, and that is right."""
        log = ends_with({"loss": 0, "d ip2.0": 0, "d loss": 0})

        assert marks(log) == {}

    def test_large_step(self) -> None:
        """A step as large as the weights is marked where lr makes it one."""
        log = CaffeLog.started()
        log.displays((0, 10), {"d ip1.0": 2.0, "d ip2.0": 2.0, "d score.0": 2.0})

        mark = of(log, "d ip1.0").mark

        assert mark is not None
        assert mark.text == "one step changes the weights by 0.2 of their size"

    def test_step_unknown_to_other_solvers(self) -> None:
        """What Adam makes of a gradient is not lr times it."""
        log = CaffeLog.started(type='"Adam"')
        log.displays((0, 10), {"d ip1.0": 2.0, "d ip2.0": 2.0, "d score.0": 2.0})

        assert marks(log) == {}

    def test_the_only_gradient(self) -> None:
        """Of a net that died in an explosion the last bias alone has one, beside nothing but 0."""
        log = CaffeLog.started()
        dead = {f"d {layer}.{n}": 0 for layer in ("ip1", "ip2", "score") for n in (0, 1)}
        log.displays((0, 10), {**dead, "d score.1": 3e6})

        mark = of(log, "d score.1").mark

        assert mark is not None
        assert mark.text.startswith("the only bias gradient that is not 0. A bias gradient is")

    def test_vanishing(self) -> None:
        """A weight's gradient far below the others' does not learn."""
        log = CaffeLog.started()
        log.displays((0, 10), {"d ip1.0": 1e-9})

        assert marks(log) == {
            ("ip1", "the gradient with respect to the weights"):
            "far smaller than the gradient of other weights: it vanishes",
        }  # fmt: skip

    def test_first_nan(self) -> None:
        """The first is told from those that follow, and whether its layer was bad already."""
        log = ends_with({"ip1": "nan", "relu1": "nan", "score": "-inf"})

        assert list(marks(log).values()) == [
            "nan, the first of 3 in this block, while the parameters of its layer are finite: its"
            " input or what it computes made it",
            "nan, as it came to be above",
            "-inf, as it came to be above",
        ]

    def test_nan_from_the_update_before(self) -> None:
        """Bad parameters of the same layer mean that the event was earlier."""
        (first, *_) = marks(ends_with({"ip1": "nan", "ip1.0": "nan"})).values()

        assert first.endswith("the true event was the update before this block")


class TestFindings:
    def test_of_this_block(self) -> None:
        """What the rules found here is told, with their advice and not with that of marks."""
        explanation = read(ends_with({"data": "nan"}))

        (finding,) = explanation.findings
        assert finding.rule == "non_finite"
        assert explanation.verdict == "Not healthy: non_finite; 1 line to look at."
        assert explanation.advice == list(finding.advice)

    def test_to_come(self) -> None:
        """A healthy block in a run that breaks later says so."""
        explanation = read(ends_with({"data": "nan"}), 50)

        assert explanation.findings == []
        assert explanation.verdict.endswith("Later in this run comes non_finite, at iteration 100.")

    def test_still_holding(self) -> None:
        """What began before and is not over concerns this block too."""
        log = ends_with({"data": "nan"})
        log.displays((110, 120), {"data": "nan"})

        assert [f.rule for f in read(log, 120).findings] == ["non_finite"]


class TestNorms:
    def test_overflow(self) -> None:
        """An L2 norm of inf beside finite blobs is float32, no nan."""
        log = CaffeLog.started()
        log.forward()
        log.backward()
        text = log.text.replace("L2 norm = (", "L2 norm = (inf, inf); was (").encode()
        text = text.split(b"; was")[0] + b"\n"

        assert read(text).norms[-1].startswith("An L2 norm of inf beside finite blobs")
