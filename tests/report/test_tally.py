from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from caffewatch.report.judging import judge
from caffewatch.report.tally import EXAMPLES, Tally, as_dict, as_text
from tests.logs import CaffeLog


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """Write a log in which the second block holds nan from layer ip1 on."""
    log = CaffeLog.started()
    log.display(0)
    log.display(10, {"ip1": "nan"})
    log.displays(range(20, 60, 10))
    path = tmp_path / "bad.log"
    path.write_bytes(log.data)
    return path


def of(path: Path) -> Tally:
    """Judge a log, and return its counts."""
    done = judge(str(path), "summary")
    assert done is not None
    return done.tally


class TestTally:
    def test_a_faulty_log(self, bad: Path) -> None:
        """Its verdict, its outcome, its rule, and the type of the layer that is named first."""
        found = of(bad)

        assert found.verdicts == Counter({"critical": 1})
        assert found.outcomes == Counter({"unfinished": 1})
        assert found.rules == Counter({"non_finite": 1})
        assert found.layer_types == Counter({"InnerProduct": 1})
        assert found.examples == {"non_finite": [str(bad)]}

    @pytest.mark.parametrize(
        ("content", "verdict"),
        [(b"", "no training log"), (None, "unreadable"), (CaffeLog.started().data, "healthy")],
    )
    def test_other_verdicts(self, content: bytes | None, verdict: str, tmp_path: Path) -> None:
        """An empty file is no log, one that is not there is unreadable."""
        path = tmp_path / "a.log"
        if content is not None:
            path.write_bytes(content)

        assert of(path).verdicts == Counter([verdict])

    def test_sums(self, bad: Path) -> None:
        """Counts add up, and only the first few logs of a rule are named."""
        total = Tally()
        for _ in range(EXAMPLES + 2):
            total.add(of(bad))

        counted = as_dict(total)
        assert counted["logs"] == counted["verdicts"]["critical"] == EXAMPLES + 2
        assert counted["rules"]["non_finite"] == {
            "findings": EXAMPLES + 2, "logs": EXAMPLES + 2, "examples": [str(bad)] * EXAMPLES,
        }  # fmt: skip
        assert json.loads(json.dumps(counted)) == counted

    def test_types_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A hostile log can name any number of types of layers."""
        monkeypatch.setattr("caffewatch.report.tally._MOST_TYPES", 2)
        total = Tally()
        for number in range(5):
            total.add(Tally(layer_types=Counter([f"T{number}"])))

        assert total.layer_types == Counter({"T0": 1, "T1": 1, "others": 3})

    def test_text(self, bad: Path) -> None:
        """Says how many, and where."""
        lines = [line.plain for line in as_text(of(bad))]

        assert lines[0].startswith("1 logs, ")
        assert f"         1  non_finite in 1 log: {bad}" in lines

    def test_damaged(self, tmp_path: Path) -> None:
        """A log of which the end cannot be read counts by what stands before."""
        total = Tally(damaged=1, verdicts=Counter(["healthy"]))

        assert "could not be read" in [line.plain for line in as_text(total)][1]
