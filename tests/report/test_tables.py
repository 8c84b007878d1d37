from __future__ import annotations

import math

from caffewatch.monitor import Monitor
from caffewatch.report.tables import Batch, TableReader
from tests.logs import CaffeLog


def read(data: bytes, size: int = 1 << 18) -> Batch:
    """Read a whole log in pieces of a size; return all its rows."""
    reader, whole = TableReader(Monitor()), Batch()
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    for batch in [*map(reader.feed, pieces), reader.close()]:
        whole.extend(batch)
    return whole


class TestTrain:
    def test_one_row_a_display(self) -> None:
        """With the learning rate of that very iteration, though it is printed behind."""
        log = CaffeLog.started()
        log.display(0, loss=2.5, lr=0.01)
        log.display(10, loss=2.0, lr=0.001)

        rows = [row.cells() for row in read(log.data).train]

        assert [(x["NumIters"], x["LearningRate"], x["loss"]) for x in rows] == [
            (0, 0.01, 2.5),
            (10, 0.001, 2.0),
        ]

    def test_nan_is_kept(self) -> None:
        """A row whose loss is nan or inf is a row."""
        log = CaffeLog.started()
        log.losses([2.0, "nan", "-nan", "inf"])

        losses = [row.cells()["loss"] for row in read(log.data).train]

        assert [str(x) for x in losses] == ["2.0", "nan", "nan", "inf"]

    def test_seconds_count_from_solving(self) -> None:
        """To the microsecond, at the first output."""
        log = CaffeLog.started()
        log.pass_time(60)
        log.losses([2.0])

        (row,) = read(log.data).train

        assert row.seconds == 60.002

    def test_outputs_of_one_name(self) -> None:
        """Keep apart by their index, as do those that are named like a column."""
        log = CaffeLog.started()
        log.say("Iteration 0 (100 iter/s, 0.1s/10 iters), loss = 1")
        for index, name in enumerate(("prob", "prob", "run", "NumIters")):
            log.say(f"    Train net output #{index}: {name} = 0.{index}", "solver.cpp:237")

        (row,) = read(log.data).train

        assert list(row.cells())[3:] == ["prob", "prob#1", "run#2", "NumIters#3"]

    def test_the_loss_at_the_end_is_no_display(self) -> None:
        """Caffe prints it once more when training is over, without outputs."""
        log = CaffeLog.started()
        log.losses([2.0, 1.0])
        log.say("Iteration 20, loss = 0.9")
        log.done()

        assert [row.iteration for row in read(log.data).train] == [0, 10]

    def test_a_net_without_outputs(self) -> None:
        """Has its rows all the same."""
        log = CaffeLog.started()
        log.iteration(0, outputs={})
        log.iteration(10, outputs={})

        assert [row.iteration for row in read(log.data).train] == [0, 10]


class TestTest:
    def test_one_row_a_test(self) -> None:
        """Of each net; the first test takes the learning rate that is printed after it."""
        log = CaffeLog.started()
        log.test(0, outputs={"*accuracy": 0.1}, net=0)
        log.test(0, outputs={"*accuracy": 0.2}, net=1)
        log.display(0, lr=0.01)

        rows = read(log.data).test

        assert [(row.net, row.rate, row.cells()["accuracy"]) for row in rows] == [
            ("test0", 0.01, 0.1),
            ("test1", 0.01, 0.2),
        ]

    def test_cut_off(self) -> None:
        """A test whose outputs never came is no row."""
        log = CaffeLog.started()
        log.say("Iteration 0, Testing net (#0)", "solver.cpp:347")

        assert read(log.data).test == []


class TestBlobs:
    def test_one_row_a_value(self) -> None:
        """With place, iteration and the value's own line."""
        log = CaffeLog.started()
        log.display(0, {"d ip1.0": "nan"})

        rows = list(read(log.data).blobs())

        (bad,) = [row for row in rows if math.isnan(row.value)]
        assert len(rows) == 25
        assert bad[:8] == (1, 0, "train", "backward", "ip1", "param", "0", "diff")
        assert "ip1, param blob 0 diff: nan" in log.text.splitlines()[bad.line - 1]

    def test_of_a_test_net(self) -> None:
        """Are rows too, of the iteration of the test."""
        log = CaffeLog.started()
        log.display(0)
        log.test(10)
        log.display(10)

        rows = [row for row in read(log.data).blobs() if row.net == "test0"]

        assert {(row.iteration, row.phase) for row in rows} == {(10, "forward")}

    def test_not_numbered(self) -> None:
        """A block that no Iteration line follows has an estimate, or none."""
        log = CaffeLog.started(display=0)
        log.block()

        assert {row.iteration for row in read(log.data).blobs()} == {None}

    def test_however_the_log_is_cut(self) -> None:
        """The rows are the same."""
        log = CaffeLog.started(iter_size=2)
        log.displays(range(0, 30, 10))

        assert list(read(log.data, 97).blobs()) == list(read(log.data).blobs())


class TestEvents:
    def test_life_and_findings(self) -> None:
        """In the order of their lines."""
        log = CaffeLog.started()
        log.display(0)
        path = log.snapshot(10)
        log.display(10, {"ip1": "nan"})
        log.done()

        rows = read(log.data).events

        assert [(x.event, x.iteration) for x in rows] == [
            ("started", None),
            ("snapshot", 0),
            ("finding", 10),
            ("finished", 10),
        ]
        assert rows[1].text == path
        assert (rows[2].rule, rows[2].severity, rows[2].layer) == ("non_finite", "critical", "ip1")

    def test_several_runs(self) -> None:
        """Each has its number, in every table."""
        log = CaffeLog.started()
        log.display(0)
        log.set_up()
        log.display(0)

        batch = read(log.data)

        assert [row.run for row in batch.events] == [1, 2]
        assert [row.run for row in batch.train] == [1, 2]
        assert {row.run for row in batch.blobs()} == {1, 2}
