from __future__ import annotations

import csv
import gzip
import signal
import subprocess
from pathlib import Path

import pytest
from pyarrow import parquet

from caffewatch.cli import export
from caffewatch.cli.main import main
from tests.cli.command import RUNS, command, run
from tests.logs import CaffeLog, healthy
from tests.patience import PATIENCE

Capture = pytest.CaptureFixture[str]
REAL = RUNS / "input_nan.log.gz"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Write a short healthy log."""
    path = tmp_path / "train.log"
    path.write_bytes(healthy(3).data)
    return path


def rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


class TestCsv:
    def test_all_tables(self, tmp_path: Path, capsys: Capture) -> None:
        """Of a real log; the folder is made, and nothing goes to standard output."""
        folder = tmp_path / "new" / "tables"

        assert main(["export", str(REAL), "-o", str(folder)]) == 0

        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.splitlines()[0] == "train: 200 rows"
        names = ["blobs.csv", "events.csv", "test.csv", "train.csv"]
        assert sorted(x.name for x in folder.iterdir()) == names
        blobs = rows(folder / "blobs.csv")
        assert len(blobs) == 7019
        first = next(row for row in blobs if row["value"] == "nan")
        assert (first["iteration"], first["layer"], first["line"]) == ("17", "data", "941")
        assert {"non_finite", "crash"} <= {row["rule"] for row in rows(folder / "events.csv")}

    def test_a_column_for_runs(self, tmp_path: Path) -> None:
        """In train and test only where there are several."""
        one, two = tmp_path / "one", tmp_path / "two"

        main(["export", str(REAL), "-o", str(one)])
        main(["export", str(RUNS / "two_runs_appended.log.gz"), "-o", str(two)])

        assert list(rows(one / "train.csv")[0]) == ["NumIters", "Seconds", "LearningRate", "loss"]
        assert next(iter(rows(two / "train.csv")[0])) == "run"
        assert {row["run"] for row in rows(two / "test.csv")} == {"1", "2"}

    def test_a_column_for_nets(self, tmp_path: Path) -> None:
        """Where there are several test nets; what a row has not is empty."""
        log = CaffeLog.started()
        log.test(0, outputs={"*accuracy": 0.5}, net=0)
        log.test(0, outputs={"*top5": 0.9}, net=1)
        (tmp_path / "a.log").write_bytes(log.data)

        main(["export", str(tmp_path / "a.log"), "-o", str(tmp_path), "--table", "test"])

        found = [(x["net"], x["accuracy"], x["top5"]) for x in rows(tmp_path / "test.csv")]
        assert found == [("test0", "0.5", ""), ("test1", "", "0.9")]

    def test_standard_output(self, log: Path) -> None:
        """Takes one table, with any delimiter, and input may come from a pipe."""
        ended = run(
            "export", "-", "-o", "-", "--table", "train", "--delimiter", ";",
            stdin=log.read_bytes(),
        )  # fmt: skip

        assert (ended.returncode, ended.stdout.splitlines()[0]) == (
            0,
            b"NumIters;Seconds;LearningRate;loss",
        )


class TestParquet:
    def test_types(self, tmp_path: Path) -> None:
        """The same rows as in CSV; nan is nan, and what is missing is null."""
        assert main(["export", str(REAL), "--format", "parquet", "-o", str(tmp_path)]) == 0

        table = parquet.read_table(tmp_path / "blobs.parquet")
        events = parquet.read_table(tmp_path / "events.parquet").to_pylist()
        assert table.num_rows == 7019
        assert [str(table.schema.field(x).type) for x in ("iteration", "layer", "value")] == [
            "int64",
            "string",
            "double",
        ]
        assert events[0]["rule"] is None
        assert parquet.read_table(tmp_path / "test.parquet").num_rows == 0

    def test_row_groups(self, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A large table is written piece by piece."""
        monkeypatch.setattr("caffewatch.report.tables_files._GROUP", 10)

        main(["export", str(log), "--format", "parquet", "-o", str(tmp_path)])

        file = parquet.ParquetFile(tmp_path / "blobs.parquet")
        assert (file.num_row_groups, file.metadata.num_rows) == (8, 75)

    def test_without_pyarrow(
        self, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
    ) -> None:
        """Says what to install, before anything is read."""
        monkeypatch.setattr(export, "has_parquet", lambda: False)

        code = main(["export", str(log), "--format", "parquet", "-o", str(tmp_path / "out")])

        assert code == 2
        assert "pip install 'caffewatch[parquet]'" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()


class TestParseLog:
    def test_names(self, tmp_path: Path) -> None:
        """Are the log's with .train and .test; of a table without rows there is no file."""
        assert main(["export", str(REAL), "--parse-log", "-o", str(tmp_path)]) == 0

        assert [x.name for x in tmp_path.iterdir()] == ["input_nan.log.gz.train"]
        assert rows(tmp_path / "input_nan.log.gz.train")[0]["NumIters"] == "0.0"


class TestRefusals:
    @pytest.mark.parametrize(
        ("more", "reason"),
        [
            (("--parse-log", "--format", "parquet"), "writes two CSV files"),
            (("--parse-log", "--table", "train"), "writes two CSV files"),
            (("--delimiter", ",,"), "expected one character, not ',,'"),
            (("-o", "-"), "takes one table as CSV"),
            (("-o", "-", "--table", "train", "--format", "parquet"), "takes one table as CSV"),
        ],
    )
    def test_bad_usage(
        self, more: tuple[str, ...], reason: str, log: Path, tmp_path: Path, capsys: Capture
    ) -> None:
        """Ends with 2 and says what would be right."""
        assert main(["export", str(log), "-o", str(tmp_path / "out"), *more]) == 2
        assert reason in capsys.readouterr().err
        assert not (tmp_path / "out").exists()

    def test_what_is_there(self, log: Path, tmp_path: Path, capsys: Capture) -> None:
        """Is overwritten only when asked for."""
        (tmp_path / "train.csv").write_text("mine")

        assert main(["export", str(log), "-o", str(tmp_path)]) == 2
        assert f"{tmp_path / 'train.csv'}: is there already" in capsys.readouterr().err
        assert (tmp_path / "train.csv").read_text() == "mine"

        assert main(["export", str(log), "-o", str(tmp_path), "--force"]) == 0
        assert len(rows(tmp_path / "train.csv")) == 3

    def test_a_log_that_is_not_there(self, tmp_path: Path, capsys: Capture) -> None:
        """Leaves no files."""
        out = tmp_path / "out"

        assert main(["export", str(tmp_path / "gone.log"), "-o", str(out)]) == 2
        assert "gone.log: No such file" in capsys.readouterr().err
        assert list(out.iterdir()) == []

    def test_a_damaged_archive(self, log: Path, tmp_path: Path, capsys: Capture) -> None:
        """What stands before the damage is written, and the exit status tells."""
        packed = tmp_path / "cut.log.gz"
        packed.write_bytes(gzip.compress(log.read_bytes())[:-9])

        assert main(["export", str(packed), "-o", str(tmp_path / "out")]) == 2
        assert "written is what stands before" in capsys.readouterr().err
        assert rows(tmp_path / "out" / "train.csv")

    def test_a_folder_that_cannot_be_made(self, log: Path, tmp_path: Path, capsys: Capture) -> None:
        """Is named."""
        assert main(["export", str(log), "-o", str(log / "out")]) == 2
        assert f"-o {log / 'out'}: " in capsys.readouterr().err

    def test_a_full_disk(self, log: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """Is the output's fault, not the log's."""
        with Path("/dev/full").open("wb") as full:
            ended = subprocess.run(
                command("export", log, "-o", "-", "--table", "blobs"),
                stdout=full, stderr=subprocess.PIPE, check=False, timeout=60,
            )  # fmt: skip

        assert ended.returncode == 2
        assert ended.stderr.startswith(b"caffewatch export: -o -: No space left")

    def test_interrupted(self, tmp_path: Path) -> None:
        """Ctrl-C leaves no half of a file."""
        out = tmp_path / "out"
        process = subprocess.Popen(
            command("export", "-", "-o", out), stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )
        with process:
            assert process.stdin is not None
            while not out.exists() or len(list(out.iterdir())) < 2:
                assert process.poll() is None
                process.stdin.write(b"line\n")
                process.stdin.flush()
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 130
            assert process.stderr is not None
            assert process.stderr.read() == b""
        assert list(out.iterdir()) == []
