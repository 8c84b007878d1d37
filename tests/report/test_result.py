from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import pandas
import pytest

from caffewatch.cli.main import main
from caffewatch.detect.non_finite import NonFinite
from caffewatch.detect.settings import RuleSettings
from caffewatch.report.archive import ArchiveError
from caffewatch.report.result import check
from tests.cli.command import RUNS
from tests.logs import CaffeLog, healthy

REAL = RUNS / "input_nan.log.gz"


class TestCheck:
    def test_says_what_the_command_says(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Its findings, and its JSON."""
        report = check(REAL)

        main(["check", "--format", "json", str(REAL)])
        assert [report.as_dict()] == json.loads(capsys.readouterr().out)
        assert [x.rule for x in report.findings] == ["non_finite", "crash"]
        assert [x.rule for x in report.loud] == ["non_finite"]
        assert repr(report) == f"<Report of {REAL}: 1 runs, 2 findings, 1 loud>"

    def test_rules(self, tmp_path: Path) -> None:
        """May be set otherwise."""
        log = CaffeLog.started()
        log.display(0, {"data": "nan"})
        (tmp_path / "a.log").write_bytes(log.data)
        off = RuleSettings({"non_finite": NonFinite.Parameters(enabled=False)})

        assert check(tmp_path / "a.log", off).findings == []

    def test_what_cannot_be_read(self, tmp_path: Path) -> None:
        """Raises what opening a file raises, or says that the archive is damaged."""
        (tmp_path / "cut.log.gz").write_bytes(gzip.compress(healthy().data)[:-9])

        with pytest.raises(FileNotFoundError):
            check(tmp_path / "gone.log")
        with pytest.raises(ArchiveError):
            check(tmp_path / "cut.log.gz")


class TestTables:
    def test_columns(self) -> None:
        """Lists of one length."""
        report = check(REAL)

        assert [len(column) for column in report.train.values()] == [200] * 4
        assert [len(column) for column in report.blobs.values()] == [7019] * 10
        assert len(report.events["text"]) == 6
        assert report.test == {"NumIters": [], "Seconds": [], "LearningRate": []}
        with pytest.raises(ValueError, match="'blob' is no table"):
            report.table("blob")  # type: ignore[arg-type]  # a mistake of the caller

    def test_frames(self) -> None:
        """Numbers are numbers, and nan is nan."""
        report = check(REAL)

        frame = report.frame("train")
        assert isinstance(frame, pandas.DataFrame)
        assert frame.NumIters.tolist() == list(range(200))
        assert math.isnan(frame.loss.iloc[-1])
        assert report.frame("events").query("rule == 'non_finite'").iteration.tolist() == [17]
