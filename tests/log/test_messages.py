"""One message of Caffe's or of a fork's, and the event that it gives."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.log.events import (
    Clipped,
    Event,
    Iteration,
    LayerIgnored,
    LearningRate,
    Loaded,
    Output,
    Restarted,
    SnapshotWritten,
    Solving,
    TestStarted,
    Waiting,
)
from caffewatch.log.grammar import V, number, recognise
from caffewatch.log.parser import Parser
from tests.log.samples import of, only, parse, say


class TestIteration:
    @pytest.mark.parametrize(
        ("message", "number", "loss", "rate"),
        [
            ("Iteration 10, loss = 2.30258", 10, 2.30258, None),
            ("Iteration 0, loss = 1e-05", 0, 1e-05, None),
            ("Iteration 200 (7.15 iter/s, 13.9s/100 iters), loss = 0.4", 200, 0.4, 7.15),
            ("Iteration 0 (-4.2039e-45 iter/s, 0.4s/10 iters), loss = 1", 0, 1, -4.2039e-45),
            ("Iteration 0 (inf iter/s, 0s/10 iters), loss = 1", 0, 1, math.inf),
            ("Iteration 100 (0 iter/s, 0.395462s/100 iter), loss = 0.016", 100, 0.016, 0),
            ("Iteration 2 (4.09679 s), loss = 6.90234", 2, 6.90234, None),
            ("  [0.0] Iteration 30 (19.9 iter/s, 5s/9 iter), 12.0/90ep, loss = 3", 30, 3, 19.9),
            ("[1.3]   Iteration 300 (5 s), 0.5/90ep, loss = 3", 300, 3, None),
            ("Iteration 5, loss = inf", 5, math.inf, None),
            ("Iteration 5, loss = -1.#INF", 5, -math.inf, None),
            ("Iteration 7 (e iter/s, 1s/1 iters), loss = 1", 7, 1, None),
            ("Iteration 5 (2 iter/s, 3s/6 iters), loss = 4  [ 5 / 70 ] -> [ 3:6 (H:M) ]", 5, 4, 2),
            ("Iteration 6 (2 iter/s, 3s/6 iter), loss = 4, remaining 2 hours", 6, 4, 2),
            ("Iteration 8, loss = 0.5; 3 of 9", 8, 0.5, None),
        ],
    )  # fmt: skip
    def test_forks(self, message: str, number: int, loss: float, rate: float | None) -> None:
        """Every version's line gives iteration, loss and the printed rate."""
        found = only(Iteration, message)

        assert (found.iteration, found.loss, found.rate) == (number, loss, rate)
        assert found.ignored is False

    @pytest.mark.parametrize(
        "loss", ["nan", "-nan", "1.#QNAN", "-1.#IND", "-1.#IND00", "-nan(ind)", "nan(snan)"]
    )
    def test_nan(self, loss: str) -> None:
        """A nan of any platform is one."""
        assert math.isnan(only(Iteration, f"Iteration 5, loss = {loss}").loss)

    def test_ignored(self) -> None:
        """A nan that was not trained on is marked."""
        assert only(Iteration, "Iteration 5, loss = nan, ignore and continue.").ignored is True

    @pytest.mark.parametrize(
        "message",
        [
            "Iteration 5, loss = foo",
            "Iteration five, loss = 1",
            "Iteration 5, loss = 1.5.5",
            "Iteration 5, loss = 1I1123",
            "Iteration 5, loss = inf(x)",
            "Iteration 5, loss = \u0131nf",
            "Iteration 5, loss = 1.#FOO",
            f"Iteration {'9' * 5000}, loss = 1",
            "Iteration 5, loss = ",
        ],
    )
    def test_what_only_looks_like_it(self, message: str) -> None:
        """A line that is no Iteration line is counted as foreign and does no harm."""
        parser = Parser()
        events = parser.feed(say(message).encode())

        assert (of(Iteration, events), parser.unrecognised) == ([], 1)


class TestOutputs:
    @pytest.mark.parametrize(
        ("message", "net", "index", "name", "value", "weight"),
        [
            ("    Train net output #0: loss = 0.5 (* 1 = 0.5 loss)", "train", 0, "loss", 0.5, 1.0),
            ("Train net output #1: a = -inf (* 0.3 = -inf loss)", "train", 1, "a", -math.inf, 0.3),
            ("    Test net output #2: accuracy = 0.99", "test0", 2, "accuracy", 0.99, None),
            ("   Test net output #0: accuracy = 0.99", "test0", 0, "accuracy", 0.99, None),
            ("Test net output #0: detection_eval = 7", "test0", 0, "detection_eval", 7.0, None),
            ("    Test net output mAP #0: mAP = 0.7", "test0", 0, "mAP", 0.7, None),
            ("    [0.0]     Test net output #0: top-1 = 0.5", "test0", 0, "top-1", 0.5, None),
            ("Test score #1: 0.25", "test0", 1, "score1", 0.25, None),
            ("    Train net output #0: a = b = 2", "train", 0, "a = b", 2.0, None),
            ("    Train net output #1: accuracy = 0.4 (iou)", "train", 1, "accuracy", 0.4, None),
            ("Test net output #0: a = 1 (* 2 = 2 loss) (sum)", "test0", 0, "a", 1.0, 2.0),
            (r"    Train net output #0: a = 1 (\* 2 = 2 loss)", "train", 0, "a", 1.0, 2.0),
            ("    Train net output #0: a = 1 ( 2 = 2 loss)", "train", 0, "a", 1.0, 2.0),
            ("Test net output #1: a = 1.2 (* 2 = 2.          4 loss)", "test0", 1, "a", 1.2, 2.0),
            ("Test net output #1: a = 1e+06 (* 2 = 2e+       06 loss)", "test0", 1, "a", 1e6, 2.0),
        ],
    )  # fmt: skip
    def test_forks(
        self, message: str, net: str, index: int, name: str, value: float, weight: float | None
    ) -> None:
        """Every version's output line gives net, index, name, value and loss weight."""
        assert only(Output, message) == Output(1, net, index, name, value, weight)

    @pytest.mark.parametrize("torn", [" (* 1 = 0.5 lo", " (* 1 =", " (io", " m", "x"])
    def test_what_is_torn(self, torn: str) -> None:
        """An output whose weight is not there would count for less than it is."""
        assert of(Output, parse(say(f"    Train net output #0: loss = 0.5{torn}"))) == []

    def test_tests_by_net(self) -> None:
        """Outputs belong to the test net that was announced last."""
        events = parse(
            say("Iteration 0, Testing net (#0)")
            + say("    Test net output #0: a = 1")
            + say("Iteration 0, Testing net (#1)")
            + say("Test loss: 0.5")
            + say("    Test net output #0: b = 2")
        )

        assert [(x.net, x.name) for x in of(Output, events)] == [("test0", "a"), ("test1", "b")]
        assert [x.net for x in of(TestStarted, events)] == ["test0", "test1"]

    def test_testing_without_number(self) -> None:
        """2014's only test net is the first."""
        found = only(TestStarted, "Iteration 1000, Testing net")

        assert (found.iteration, found.net) == (1000, "test0")


class TestLearningRate:
    @pytest.mark.parametrize(
        ("message", "rate", "scale"),
        [
            ("Iteration 10, lr = 0.01", 0.01, 1.0),
            ("Iteration 10, lr = nan", math.nan, 1.0),
            ("Iteration 10, lr = 1e-26", 1e-26, 1.0),
            ("Iteration 10, lr = 0.99, m = 0.9, wd = 0.0005, gs = 169.85", 0.99, 169.85),
            ("[0.0] Iteration 10, lr = 0.2, m = 0.9, lrm = 0.02, wd = 0.0005, gs = 1", 0.2, 1.0),
            ("Iteration 10, lr = 0.2, m = 0.9, wd = 0.0005, gs = 2, x = 3", 0.2, 2.0),
            ("Iteration 10, lr = 0.2, m = 0.9", 0.2, 1.0),
        ],
    )
    def test_forks(self, message: str, rate: float, scale: float) -> None:
        """The learning rate is read, and NVIDIA's gradient scale."""
        found = only(LearningRate, message)

        assert (found.iteration, found.grad_scale) == (10, scale)
        assert found.rate == pytest.approx(rate, nan_ok=True)


class TestOthers:
    @pytest.mark.parametrize(
        ("message", "event"),
        [
            (
                "Gradient clipping: scaling down gradients (L2 norm 71.3 > 35) by scale factor 0",
                Clipped(1, 71.3, 35.0),
            ),
            (
                "Gradient clipping: scaling down gradients (L2 norm inf > 35) by scale factor 0",
                Clipped(1, math.inf, 35.0),
            ),
            (
                "Snapshotting to binary proto file a/b_iter_500.caffemodel",
                SnapshotWritten(1, "a/b_iter_500.caffemodel", 500),
            ),
            (
                "Snapshotting to HDF5 file b_iter_7_iter_500.caffemodel.h5",
                SnapshotWritten(1, "b_iter_7_iter_500.caffemodel.h5", 500),
            ),
            (
                "Snapshotting to binary proto filea/b_iter_500.caffemodel",
                SnapshotWritten(1, "a/b_iter_500.caffemodel", 500),
            ),
            ("Snapshotting to b_iter_500", SnapshotWritten(1, "b_iter_500", 500)),
            ("Snapshotting to final model", SnapshotWritten(1, "final model", None)),
            (f"Snapshotting to _iter_{'9' * 40}", SnapshotWritten(1, f"_iter_{'9' * 40}", None)),
            ("Resuming from b_iter_500.solverstate", Loaded(1, "b_iter_500.solverstate", True)),
            ("Restoring previous solver status from b_iter_5", Loaded(1, "b_iter_5", True)),
            ("Finetuning from weights.caffemodel", Loaded(1, "weights.caffemodel", False)),
            ("Ignoring source layer fc8", LayerIgnored(1, "fc8")),
            ("Solving LeNet", Solving(1, "LeNet")),
            ("Solving ", Solving(1, "")),
            ("Starting Optimization", Solving(1, "")),
            ("Starting Multi-node Optimization in mpi environment", Solving(1, "")),
        ],
    )  # fmt: skip
    def test_messages(self, message: str, event: Event) -> None:
        """Each message says all it means by itself."""
        assert only(type(event), message) == event

    @pytest.mark.parametrize(
        ("message", "kind"),
        [
            ("Waiting for data", Waiting),
            ("Data layer prefetch queue empty", Waiting),
            ("Restarting data prefetching from start.", Restarted),
            ("Restarting data pre-fetching from start.", Restarted),
        ],
    )
    def test_timed(self, message: str, kind: type[Waiting | Restarted]) -> None:
        """What bears on the rhythm carries its time."""
        assert only(kind, message).time == 1795418085.539148

    @pytest.mark.parametrize(
        "message",
        [
            "Snapshotting solver state to binary proto file b_iter_500.solverstate",
            "Solver scaffolding done.",
            "Learning Rate Policy: step",
            "MultiStep Status: Iteration 500, step = 1",
            "    class7: 0.41",
            "class AP 3: 0.5",
            "iter 5, forward_backward_update_time: 12.5 ms",
            "Snapshot begin",
            "Snapshot end",
            "Setting up conv1",
            "Top shape: 64 20 24 24 (737280)",
        ],
    )
    def test_known_and_meaningless(self, message: str) -> None:
        """What Caffe says and nobody needs is not foreign."""
        parser = Parser()
        parser.feed(say(message).encode())

        assert parser.unrecognised == 0


class TestNumber:
    @pytest.mark.parametrize(
        ("text", "value"), [("1.5e-3", 0.0015), ("-inf", -math.inf), ("1.#INF", math.inf)]
    )
    def test_numbers(self, text: str, value: float) -> None:
        """A number is read as any build prints it."""
        assert number(text) == value

    @given(st.from_regex(V, fullmatch=True))
    def test_whatever_patterns_take_for_one(self, text: str) -> None:
        """Is one: a message would end the reading otherwise."""
        assert isinstance(number(text), float)

    def test_no_number(self) -> None:
        """What is no number is refused."""
        with pytest.raises(ValueError, match="could not convert"):
            number("twelve")

    def test_foreign_message(self) -> None:
        """A message that is none of Caffe's has no pattern."""
        assert recognise("hello world") is None
