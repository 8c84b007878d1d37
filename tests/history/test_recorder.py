from __future__ import annotations

from caffewatch.history.frozen import Mark, RunHistory
from tests.logs import CaffeLog
from tests.watched import watch


def history(log: CaffeLog) -> RunHistory:
    """Return the history of a log's last run."""
    return watch(log).history().runs[-1]


class TestRecorder:
    def test_curves(self) -> None:
        """Loss, learning rate and outputs of training and test, each by its own iteration."""
        log = CaffeLog.started()
        log.test(0, loss=2.5)
        log.display(0, loss=2.0, lr=0.1)
        log.display(10, loss=1.0, lr=0.05)

        found = {(x.net, x.name): x.curve.buckets() for x in history(log).series}

        assert [(x.first, x.high) for x in found["train", "loss"]] == [(0, 2.0), (10, 1.0)]
        assert [(x.first, x.high) for x in found["train", "lr"]] == [(0, 0.1), (10, 0.05)]
        assert [(x.first, x.high) for x in found["test0", "loss"]] == [(0, 2.5)]
        assert [x.first for x in found["train", "speed"]] == [10]

    def test_layers(self) -> None:
        """Columns have the iterations of their blocks, rows are in net order."""
        log = CaffeLog.started()
        log.displays((0, 10))

        made = history(log).layers

        assert [tuple(x) for x in made.spans] == [(0, 0), (10, 10)]
        assert [layer for layer, _ in made.rows("gradient")] == [
            layer.name for layer in log.layers if layer.lr_mults
        ]

    def test_marks_and_faults(self) -> None:
        """Snapshots and alerts are marked, and a fault brings its evidence and advice."""
        log = CaffeLog.started()
        log.displays((0, 10))
        log.snapshot(10)
        log.display(20, {"data": "nan"})

        run = history(log)
        loud = [x for x in run.faults if x.loud]

        assert Mark(20, "alert", loud[0].rule) in run.marks
        assert [x.iteration for x in run.marks if x.kind == "snapshot"] == [10]
        assert loud[0].advice

    def test_the_trend_is_in_the_snapshot(self) -> None:
        """The loss of the whole run, for a small picture."""
        log = CaffeLog.started()
        log.losses([3.0, 2.0])

        run = watch(log).snapshot().run

        assert run is not None
        assert [x.high for x in run.trend] == [3.0, 2.0]
