from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from caffewatch.cli.main import main
from tests.cli.command import RUNS, run
from tests.logs import CaffeLog, healthy

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Write a healthy log of five displays."""
    path = tmp_path / "train.log"
    path.write_bytes(healthy(5).data)
    return path


class TestExplain:
    def test_text(self, log: Path, capsys: Capture) -> None:
        """It reads the last block aloud, to standard output alone."""
        assert main(["explain", str(log)]) == 0
        shown = capsys.readouterr()
        assert shown.out.startswith(f"{log}: iteration 40, run 1 (mlp)\n")
        assert shown.err == ""

    def test_json(self, log: Path, capsys: Capture) -> None:
        """One object for programs."""
        assert main(["explain", "--format", "json", "--iteration", "20", str(log)]) == 0
        report = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
        assert (report["log"], report["iteration"], report["reason"]) == (str(log), 20, None)

    def test_nearest(self, log: Path, capsys: Capture) -> None:
        """An iteration between two displays gives the nearest, and that is said."""
        assert main(["explain", "--iteration", "23", str(log)]) == 0
        assert "iteration 23 shows no block" in capsys.readouterr().out

    def test_standard_input(self) -> None:
        """A pipe is read like a file; without a terminal there are no colours."""
        done = run("explain", "-", stdin=healthy(3).data)

        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.startswith(b"-: iteration 20, run 1 (mlp)\n")
        assert b"\x1b" not in done.stdout

    @pytest.mark.parametrize(
        ("name", "iteration", "fault"),
        [("input_nan", 17, "non_finite"), ("zero_init", 0, "zero_gradient")],
    )
    def test_real_logs(self, name: str, iteration: int, fault: str, capsys: Capture) -> None:
        """The block where the fault began, and its rule."""
        assert main(["explain", str(RUNS / f"{name}.log.gz")]) == 0
        head, _, rest = capsys.readouterr().out.partition("\n")
        assert f": iteration {iteration}, run 1" in head
        assert f"Not healthy: {fault}" in rest or f", {fault};" in rest

    def test_nothing_marked_in_a_healthy_run(self, capsys: Capture) -> None:
        """A real one, batch normalisation and all."""
        assert main(["explain", "--format", "json", str(RUNS / "resnet_ok.log.gz")]) == 0
        report = json.loads(capsys.readouterr().out)
        assert [x for x in report["lines"] if x["mark"]] == []
        assert report["verdict"].startswith("This block looks healthy")


class TestRefusal:
    """What cannot be done ends with 2 and one line that says why."""

    def refused(self, capsys: Capture, *arguments: str | Path) -> str:
        """Return what a refused command says."""
        assert main(["explain", *map(str, arguments)]) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        return shown.err

    def test_no_debug_info(self, tmp_path: Path, capsys: Capture) -> None:
        """It says how to turn it on."""
        log = CaffeLog.started()
        log.iteration(0)
        path = tmp_path / "quiet.log"
        path.write_bytes(log.data)

        said = self.refused(capsys, path)

        assert said.startswith(f"caffewatch explain: {path}: no debug_info block of the training")
        assert "put debug_info: true into the solver's prototxt" in said

    def test_no_log(self, tmp_path: Path, capsys: Capture) -> None:
        """A file of something else."""
        path = tmp_path / "notes.txt"
        path.write_text("hello\n")

        said = self.refused(capsys, path)

        assert said == f"caffewatch explain: {path}: no Caffe training log\n"

    def test_no_number(self, tmp_path: Path, capsys: Capture) -> None:
        """A pasted block has no iteration to ask for."""
        log = CaffeLog()
        log.block()
        path = tmp_path / "pasted.log"
        path.write_bytes(log.data)

        assert "leave out --iteration" in self.refused(capsys, path, "--iteration", "3")

    def test_missing(self, tmp_path: Path, capsys: Capture) -> None:
        """A file that is not there."""
        path = tmp_path / "none.log"

        said = self.refused(capsys, path)

        assert said == f"caffewatch explain: {path}: No such file or directory\n"

    def test_damaged(self, tmp_path: Path, capsys: Capture) -> None:
        """Of an archive that is cut off, what could be read is explained, and the rest is said."""
        path = tmp_path / "cut.log.gz"
        path.write_bytes(gzip.compress(healthy(50).data)[:-200])

        code = main(["explain", str(path)])

        shown = capsys.readouterr()
        assert code == 2
        assert "ip1" in shown.out
        assert shown.err.endswith("before its end marker; explained from what could be read\n")

    def test_damaged_before_the_first_block(self, tmp_path: Path, capsys: Capture) -> None:
        """Nothing can be explained then."""
        path = tmp_path / "cut.log.gz"
        path.write_bytes(gzip.compress(healthy(50).data)[:40])

        assert "cut off" in self.refused(capsys, path)

    def test_several(self, log: Path, capsys: Capture) -> None:
        """A folder of two logs."""
        (log.parent / "other.log").write_bytes(b"")

        assert self.refused(capsys, log.parent).endswith(": 2 logs; explain reads one\n")

    @pytest.mark.parametrize("given", ["-1", "ten", "1.5"])
    def test_bad_iteration(self, given: str, log: Path, capsys: Capture) -> None:
        """What is no iteration."""
        with pytest.raises(SystemExit) as ended:
            main(["explain", f"--iteration={given}", str(log)])

        assert ended.value.code == 2
        assert f"'{given}' is no iteration: a whole number from 0 on" in capsys.readouterr().err
