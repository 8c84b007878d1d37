from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

import calibrate
from tests.calibration.samples import gradients

RULE, PARAMETER = "gradient_explosion", "threshold"


class TestCommand:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Make a folder of three labelled logs, one of them compressed, and one left out."""
        logs = {"calm": 1e5, "wild": 1e10, "odd": 0.1}
        for name, value in logs.items():
            (tmp_path / f"{name}.log").write_bytes(gradients(value).data)
        wild = tmp_path / "wild.log"
        (tmp_path / "wild.log.gz").write_bytes(gzip.compress(wild.read_bytes()))
        wild.unlink()
        labels = {
            "calm": {"status": "healthy", "must": []},
            "wild": {"status": "faulty", "must": [{"rule": RULE, "layers": ["ip1"]}]},
            "odd": {"status": "unclear", "must": []},
        }
        (tmp_path / "labels.json").write_text(json.dumps(labels))
        return tmp_path

    @pytest.mark.parametrize("processes", ["1", "2"])
    def test_prints_a_table(
        self, folder: Path, capsys: pytest.CaptureFixture[str], processes: str
    ) -> None:
        """The row says where the default sits; one process or several, it is the same."""
        argv = [str(folder), "--rule", RULE, "--parameter", PARAMETER, "--processes", processes]

        status = calibrate.main(argv)

        lines = capsys.readouterr().out.splitlines()
        (row,) = (line.split() for line in lines if line.startswith(f"  {PARAMETER} "))
        assert status == 0
        assert f"{RULE}: 1 healthy, 1 must show it" in lines
        assert row == [
            *(PARAMETER, "1e+08", "up", "to", row[4], "calm", "+3.0"),
            *(row[7], "wild", "+2.0", "+5.0", "clear"),
        ]
        assert (float(row[4]), float(row[7])) == pytest.approx((1e5, 1e10), rel=0.05)

    def test_draws_a_rule(self, folder: Path) -> None:
        """The folder for drawings is made where it is missing."""
        drawings = folder / "a" / "b"

        calibrate.main([str(folder), "--rule", RULE, "--svg", str(drawings), "--processes", "1"])

        assert [path.name for path in drawings.iterdir()] == [f"{RULE}.svg"]

    def test_says_when_nothing_depends_on_a_parameter(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Neither of these runs would be judged otherwise by another patience."""
        argv = [str(folder), "--rule", RULE, "--parameter", "clear", "--processes", "1"]

        calibrate.main(argv)

        assert "  clear      5" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("argv", "reason"),
        [
            (["--parameter", "nothing"], "no such parameter: nothing (of any rule)"),
            (["--rule", "crash", "--parameter", "passes"], "no such parameter: passes (of crash)"),
        ],
    )
    def test_unknown_parameter(
        self, folder: Path, capsys: pytest.CaptureFixture[str], argv: list[str], reason: str
    ) -> None:
        """It ends with 2 and says so."""
        status = calibrate.main([str(folder), *argv])

        assert (status, capsys.readouterr().err) == (2, f"calibrate: {reason}\n")

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            (lambda path: path.unlink(), "No such file"),
            (lambda path: path.write_text("{"), "Expecting property name"),
            (lambda path: path.write_text("{}"), "no log that labels.json names"),
            (lambda path: path.write_text("[]"), "expected an object of name: label"),
            (lambda path: path.write_text('{"a": {"must": []}}'), "a: expected an object with"),
            (lambda path: path.with_name("wild.log.gz").write_bytes(b"\x1f\x8b"), "cut off"),
        ],
    )
    def test_bad_folder(
        self,
        folder: Path,
        capsys: pytest.CaptureFixture[str],
        spoil: Callable[[Path], object],
        reason: str,
    ) -> None:
        """A folder without usable labels or logs is named, with what is wrong."""
        spoil(folder / "labels.json")

        status = calibrate.main([str(folder), "--processes", "1"])

        error = capsys.readouterr().err
        assert status == 2
        assert error.startswith(f"calibrate: {folder}: ")
        assert reason in error

    def test_no_process(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Bad usage ends with 2, as argparse has it."""
        with pytest.raises(SystemExit, match="2"):
            calibrate.main([str(folder), "--processes", "0"])

        assert "--processes: 0 is not 1 or more" in capsys.readouterr().err
