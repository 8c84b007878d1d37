from __future__ import annotations

import csv
import io

from caffewatch.report.parse_log import LINE_END, ParseLogTable
from caffewatch.report.tables_files import CsvFile
from tests.logs import CaffeLog
from tests.report.test_tables import read


def train(log: CaffeLog) -> str:
    """Return the text of LOG.train; empty where there is no such file."""
    out = io.StringIO(newline="")
    table = ParseLogTable(lambda columns: CsvFile(out, columns, end=LINE_END))
    table.add(read(log.data).train)
    table.close()
    return out.getvalue()


class TestParseLogTable:
    def test_to_the_byte(self) -> None:
        """Floats, the learning rate that stood before, the first from the second, CRLF."""
        log = CaffeLog.started()
        log.iteration(0, 2.5, lr=0.01)
        log.iteration(10, 2.0, lr=0.001)
        log.iteration(20, 1.5, lr=0.001)

        assert train(log) == (
            "NumIters,Seconds,LearningRate,loss\r\n"
            "0.0,0.002,0.01,2.5\r\n"
            "10.0,0.005,0.01,2.0\r\n"
            "20.0,0.008,0.001,1.5\r\n"
        )

    def test_nan_is_kept(self) -> None:
        """Its one difference in what a row holds."""
        log = CaffeLog.started()
        log.losses([2.0, "nan"])

        assert train(log).splitlines()[-1].endswith(",nan")

    def test_no_row_no_file(self) -> None:
        """As parse_log.py has it."""
        assert train(CaffeLog.started()) == ""

    def test_one_row(self) -> None:
        """Is written, with a learning rate that nobody knows as yet."""
        log = CaffeLog.started()
        log.losses([2.0])

        assert train(log).splitlines()[1] == "0.0,0.002,nan,2.0"

    def test_several_runs(self) -> None:
        """Stand below each other, in the columns of the first; seconds go on from its start."""
        log = CaffeLog.started()
        log.losses([2.0, 1.0])
        log.pass_time(100)
        log.set_up()
        log.iteration(0, outputs={"*other": 7})
        log.iteration(10, 3.0)

        rows = list(csv.DictReader(io.StringIO(train(log), newline="")))

        assert [row["NumIters"] for row in rows] == ["0.0", "10.0", "0.0", "10.0"]
        assert [row["loss"] for row in rows] == ["2.0", "1.0", "", "3.0"]
        assert float(rows[2]["Seconds"]) > 100
