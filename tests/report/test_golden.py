"""Reports of real logs, compared with those that were looked through by hand.

``CAFFEWATCH_RENEW=1 python -m pytest tests/report/test_golden.py`` writes them anew; read the
difference before it is committed.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from caffewatch.monitor import Monitor
from caffewatch.report.as_json import report
from tests.log.samples import LABELS, REFERENCE, real_log

GOLDEN = Path(__file__).parent / "golden"
NAMES = (
    "b12_002_blow", "euclidean_blowup_nan", "grad_clip", "input_nan", "lr_too_high_nan",
    "lr_too_high_softmax_stuck", "r11_000_log_nan", "r11_040_dead", "resume_ok",
    "snapshot_dir_missing_crash", "two_runs_appended", "year_prefix_ok", "zero_init",
)  # fmt: skip
PIECE = 1 << 14
MOST_LOUD = 6
"""Findings that people are told of one broken run: its cause, and what it does not explain."""


def read(name: str) -> dict[str, Any]:
    """Read a log and return its report as JSON gives it back."""
    monitor = Monitor(reference=REFERENCE)
    data = real_log(name)
    for start in range(0, len(data), PIECE):
        monitor.feed(data[start : start + PIECE], 0.0)
    monitor.close(0.0)
    text = json.dumps(report(f"{name}.log", monitor), indent=1, ensure_ascii=False)
    if os.environ.get("CAFFEWATCH_RENEW") == "1" and name in NAMES:
        (GOLDEN / f"{name}.json").write_text(text + "\n")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


@pytest.mark.parametrize("name", NAMES)
class TestGolden:
    def test_reports_what_it_always_did(self, name: str) -> None:
        """Every field of every finding, to the word."""
        seen = read(name)

        assert seen == json.loads((GOLDEN / f"{name}.json").read_text())


@pytest.mark.parametrize("name", sorted(LABELS))
class TestLabels:
    def test_finds_what_was_put_in(self, name: str) -> None:
        """By rule, iteration and place, as the makers of the log know them."""
        runs = read(name)["runs"]
        findings = [finding for run in runs for finding in run["findings"]]
        loud = [f["rule"] for f in findings if f["severity"] != "info" and not f["caused_by"]]

        missed = [must for must in LABELS[name]["must"] if not _found(must, findings)]

        assert missed == []
        assert len(loud) <= {"healthy": 0, "faulty": MOST_LOUD}[LABELS[name]["status"]]

    def test_counts_exactly(self, name: str) -> None:
        """Displays, values, and how the last run ended."""
        runs = read(name)["runs"]

        counts = {
            "iterations": sum(run["iterations"]["count"] for run in runs),
            "debug_values": sum(run["debug_values"] for run in runs),
            "outcome": runs[-1]["outcome"],
        }

        assert counts == {key: LABELS[name][key] for key in counts}


def _found(must: dict[str, Any], findings: list[dict[str, Any]]) -> bool:
    same = [finding for finding in findings if finding["rule"] == must["rule"]]
    if not same:
        return False
    first = same[0]
    if must["rule"] == "gradient_explosion":
        return bool(first["iteration"] <= must["iteration"])
    if "iteration" in must and first["iteration"] != must["iteration"]:
        return False
    places = must.get("origins", [{}])
    layers = {layer for finding in same for layer in finding["layers"]}
    here = any(all(first[key] == value for key, value in place.items()) for place in places)
    return here and set(must.get("layers", ())) <= layers
