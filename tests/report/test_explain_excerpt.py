from __future__ import annotations

from tests.report.test_explain import read

EXCERPT = b"""\
I1109 ...] [Forward] Layer data, top blob data data: 0.308542
I1109 ...] [Forward] Layer conv1, top blob conv1 data: 0.0578598
I1109 ...] [Forward] Layer conv1, param blob 0 data: 0.00806505
I1109 ...] [Forward] Layer conv1, param blob 1 data: 0
I1109 ...] [Forward] Layer relu1, top blob conv1 data: 0.030317
I1109 ...] [Forward] Layer conv2, top blob conv2 data: 0.0223619
I1109 ...] [Forward] Layer conv2, param blob 0 data: 0.00785642
I1109 ...] [Forward] Layer conv2, param blob 1 data: 0
I1109 ...] [Forward] Layer relu2, top blob conv2 data: 0.0115039
.
.
.
I1109 ...] [Forward] Layer fc1, top blob fc1 data: 0.00653682
I1109 ...] [Forward] Layer fc1, param blob 0 data: 0.00786549
I1109 ...] [Forward] Layer fc1, param blob 1 data: 0
I1109 ...] [Forward] Layer loss, top blob loss data: 1822.57
I1109 ...] [Backward] Layer loss, bottom blob fc1 diff: 0.111682
I1109 ...] [Backward] Layer fc1, bottom blob conv6 diff: 0.000960391
I1109 ...] [Backward] Layer fc1, param blob 0 diff: 0.433943
I1109 ...] [Backward] Layer fc1, param blob 1 diff: 3659.51
.
.
.
I1109 ...] [Backward] Layer conv2, bottom blob conv1 diff: 5.37706e-06
I1109 ...] [Backward] Layer conv2, param blob 0 diff: 0.00593
I1109 ...] [Backward] Layer conv2, param blob 1 diff: 0.0986252
I1109 ...] [Backward] Layer relu1, bottom blob conv1 diff: 2.57748e-06
I1109 ...] [Backward] Layer conv1, param blob 0 diff: 0.0198223
I1109 ...] [Backward] Layer conv1, param blob 1 diff: 0.0384993
E1109 ...] [Backward] All net params (data, diff): L1 norm = (2432.14, 6356.73);\
 L2 norm = (5.48658, 3664.31)
"""


class TestExcerpt:
    """The block that people paste when they ask: no stamps, no iteration, lines left out."""

    def test_what_an_expert_points_at(self) -> None:
        """The loss and the bias gradient of fc1, and nothing else."""
        marked = {x.entry.value: x.mark.text for x in read(EXCERPT).marked if x.mark}

        assert list(marked) == [1822.57, 3659.51]
        assert "beside predictions of 0.00653682 (fc1)" in marked[1822.57]
        assert marked[3659.51].startswith(
            "37105.2 times the next largest bias gradient (0.0986252)"
        )
        assert "at least 32767 of them pull the same way" in marked[3659.51]

    def test_verdict_and_advice(self) -> None:
        """No rule fires on a single block, but there is something to do."""
        explanation = read(EXCERPT)

        assert explanation.verdict == "No rule has fired, but there are 2 lines to look at."
        assert [x.split(" (")[0] for x in explanation.advice] == [
            "Scale the targets to about unit size",
            "Begin the bias of layer fc1 at the mean of the targets, or take that mean off them"
            " and scale them to about unit size; lower its lr_mult or base_lr, or clip gradients.",
        ]
        assert explanation.norms[1].startswith("L2 norm: weights 5.48658, gradients 3664.31")

    def test_types_by_name(self) -> None:
        """Without a dump the names tell the types, and that is said."""
        layers = {x.entry.blob.layer: x.layer for x in read(EXCERPT).readings}

        assert layers == {
            "data": "input, by its name",
            "conv1": "convolution, by its name",
            "relu1": "ReLU, by its name",
            "conv2": "convolution, by its name",
            "relu2": "ReLU, by its name",
            "fc1": "fully connected, by its name",
            "loss": "loss, by its name",
        }
