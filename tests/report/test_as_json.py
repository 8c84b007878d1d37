from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.draw.figures import number
from caffewatch.report.as_json import report
from tests.logs import CaffeLog
from tests.watched import watch


class TestNumber:
    @pytest.mark.parametrize(
        ("value", "written"),
        [(math.nan, "nan"), (-math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf"),
         (None, None), (0.25, 0.25)],
    )  # fmt: skip
    def test_spells_what_json_has_no_number_for(
        self, value: float | None, written: float | str | None
    ) -> None:
        """A strict reader must take every report."""
        assert number(value) == written

    @given(st.floats())
    def test_is_always_json(self, value: float) -> None:
        """Whatever a log holds."""
        assert json.loads(json.dumps(number(value), allow_nan=False)) == number(value)


class TestReport:
    def test_describes_a_run(self) -> None:
        """The fields of the contract, under their names."""
        log = CaffeLog.started(max_iter=30)
        log.displays((0, 10, 20))
        log.snapshot(30)
        log.display(30, {"ip1": "nan", "ip1.0": "nan"}, "nan")
        log.done()

        seen = report("train.log", watch(log))

        (run,) = seen.pop("runs")
        findings = run.pop("findings")
        events = run.pop("events")
        assert seen == {
            "schema": 1, "log": "train.log", "lines": log.text.count("\n"),
            "unrecognised_lines": 0,
        }  # fmt: skip
        assert len(run.pop("id")) == 16
        assert run.pop("started_at") == "2026-11-23T07:14:45.001000"
        assert run.pop("ended_at").startswith("2026-11-23T07:14:45.")
        assert run == {
            "run": 1,
            "net": "mlp",
            "outcome": "finished",
            "iterations": {"first": 0, "last": 30, "max": 30, "count": 4, "display": 10},
            "debug_values": 100,
            "passes": 4,
            "snapshots": {
                "last": "net_iter_30.caffemodel",
                "last_clean": None,
                "poisoned": ["net_iter_30.caffemodel"],
            },
        }
        assert [(f["rule"], f["iteration"], f["value"]) for f in findings] == [
            ("non_finite", 30, "nan")
        ]
        assert [(e["kind"], e["iteration"], e["text"]) for e in events] == [
            ("started", None, "mlp"),
            ("snapshot", 20, "net_iter_30.caffemodel"),
            ("finished", 30, "Optimization Done"),
        ]

    def test_of_a_log_without_a_run(self) -> None:
        """No Caffe in it."""
        assert report("notes.txt", watch(b"hello\n")) == {
            "schema": 1, "log": "notes.txt", "lines": 1, "unrecognised_lines": 1, "runs": [],
        }  # fmt: skip

    def test_what_is_not_known_is_null(self) -> None:
        """A log that has only begun."""
        (run,) = report("x", watch(b"I1123 ... 1 caffe.cpp:197] Use CPU.\n"))["runs"]

        assert (run["net"], run["started_at"], run["ended_at"]) == (None, None, None)
        assert run["iterations"] == {
            "first": None, "last": None, "max": None, "count": 0, "display": None,
        }  # fmt: skip
