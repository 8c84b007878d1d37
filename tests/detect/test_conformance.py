from __future__ import annotations

import dataclasses
import inspect
import json
import pickle
import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.detect.registry import RULES
from caffewatch.detect.settings import RuleSettings
from caffewatch.log.events import Event
from caffewatch.monitor import Monitor
from caffewatch.report.as_json import report
from tests.logs import CaffeLog, Values
from tests.watched import findings, found, only, tuned, watch

FAULTS: dict[str, Values] = {
    "non_finite": {"ip1": "nan"},
    "dead_activation": {"relu1": 0},
    "zero_gradient": {"d ip1.0": 0},
    "gradient_explosion": {"d ip1.0": 1e9},
}


def faulty(rule: str) -> CaffeLog:
    """Write a log that shows what one rule is for."""
    log = CaffeLog.started()
    log.displays(range(0, 70, 10))
    if rule == "crash":
        log.fatal()
    else:
        log.displays(range(70, 130, 10), FAULTS[rule])
    return log


LOGS = {rule: faulty(rule) for rule in RULES}
DATA = {rule: log.data for rule, log in LOGS.items()}
REPORTS = {rule: report("train.log", watch(data)) for rule, data in DATA.items()}
every_rule = pytest.mark.parametrize("rule", RULES)


@every_rule
class TestDescription:
    def test_says_what_it_sees(self, rule: str) -> None:
        """Docs and config are made from the class: what, when silent, where from."""
        text = RULES[rule].__doc__ or ""

        assert RULES[rule].title
        assert [word for word in ("Silent ", "Source: ") if word not in text] == []

    def test_every_parameter_has_help(self, rule: str) -> None:
        """What it means, and its unit where it is a number."""
        fields = dataclasses.fields(RULES[rule].Parameters)

        undocumented = [
            field.name
            for field in fields
            if not field.metadata.get("help")
            or (isinstance(field.default, float) and not field.metadata.get("unit"))
        ]

        assert undocumented == []

    def test_every_handler_is_called(self, rule: str) -> None:
        """A handler named after no event would never be."""
        known = {
            "on_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", event.__name__).lower()
            for event in Event.__args__
        } | {"on_training"}

        handlers = {name for name in dir(RULES[rule]) if name.startswith("on_")}

        assert handlers
        assert handlers <= known

    def test_every_parameter_changes_something(self, rule: str) -> None:
        """A parameter that no code reads would be an option that does nothing."""
        names = [field.name for field in dataclasses.fields(RULES[rule].Parameters)]
        source = inspect.getsource(inspect.getmodule(RULES[rule]) or RULES[rule])
        common = {"enabled", "severity"}

        assert [x for x in names if x not in common and f".{x}" not in source] == []


@every_rule
class TestLife:
    def test_an_empty_log_shows_nothing(self, rule: str) -> None:
        """Nor does one that has only begun."""
        assert findings(b"") == []
        assert found(CaffeLog.started(), rule) == []

    def test_a_new_run_begins_anew(self, rule: str) -> None:
        """State, and the numbers of episodes, belong to a run."""
        data = DATA[rule]
        later = data.replace(b"I1123 07:", b"I1123 08:").replace(b"E1123 07:", b"E1123 08:")
        later = later.replace(b"F1123 07:", b"F1123 08:")

        runs = watch(data + later).runs

        assert len(runs) == 2
        first, second = ([_plain(f) for f in run.findings] for run in runs)
        assert [f["message"] for f in second] == [f["message"] for f in first]
        assert [f["episode"] for f in second] == [f["episode"] for f in first]

    def test_is_silent_after_a_new_run_began(self, rule: str) -> None:
        """What the run before showed is no concern of the next."""
        data = DATA[rule]
        log = CaffeLog.started()
        log.displays(range(0, 200, 10))

        runs = watch(data + log.data.replace(b"I1123 07:", b"I1123 08:")).runs

        assert [f.rule for f in runs[-1].findings] == []

    def test_may_be_switched_off(self, rule: str) -> None:
        """A disabled rule is not asked."""
        assert found(LOGS[rule], rule)
        assert found(LOGS[rule], rule, tuned(rule, enabled=False)) == []

    def test_may_be_switched_on_for_some_layers(self, rule: str) -> None:
        """What has no layer stays off."""
        default, special = (RULES[rule].Parameters(enabled=x) for x in (False, True))

        def rules(glob: str) -> RuleSettings:
            return RuleSettings({rule: default}, {rule: ((glob, special),)})

        here, elsewhere = (found(LOGS[rule], rule, rules(glob)) for glob in ("*1", "*2"))

        assert (len(here), elsewhere) == (rule != "crash", [])

    def test_has_the_severity_that_is_set(self, rule: str) -> None:
        """Except where the size of the fault decides it."""
        finding = only(LOGS[rule], rule, tuned(rule, severity="info"))

        assert finding.severity == ("critical" if rule == "gradient_explosion" else "info")

    def test_remembers_no_more_after_many_passes(self, rule: str) -> None:
        """Histories have a bound."""
        monitor = Monitor()
        monitor.feed(LOGS[rule].data, 0.0)
        _go_on(monitor, range(130, 2000, 10), FAULTS.get(rule))
        before = _size(monitor)

        _go_on(monitor, range(2000, 8000, 10), FAULTS.get(rule))

        assert monitor.runs[0].run.display_count > 700
        assert _size(monitor) < 1.02 * before


@every_rule
class TestFinding:
    def test_has_every_field(self, rule: str) -> None:
        """What does not apply is null; nothing is left out."""
        finding = _first(rule)

        assert set(finding) >= {
            "rule", "severity", "state", "iteration", "previous_iteration", "phase", "net",
            "layer", "layers", "kind", "blob", "quantity", "value", "origin", "line", "message",
            "advice", "evidence", "affects", "caused_by",
        }  # fmt: skip
        assert finding["rule"] == rule

    def test_survives_json(self, rule: str) -> None:
        """A strict reader takes it as it was."""
        text = json.dumps(REPORTS[rule], allow_nan=False)

        assert json.loads(text) == REPORTS[rule]

    def test_says_what_and_what_to_do(self, rule: str) -> None:
        """In whole sentences, without a place holder left over."""
        finding = _first(rule)

        assert finding["advice"]
        assert [x for x in finding["advice"] if not x.endswith(".")] == []
        assert "{" not in finding["message"]

    @given(piece=st.integers(1, 3000))
    def test_cutting_of_reads_is_irrelevant(self, rule: str, piece: int) -> None:
        """The same bytes give the same report."""
        monitor = watch(DATA[rule], piece=piece)

        assert report("train.log", monitor) == REPORTS[rule]


def _first(rule: str) -> dict[str, Any]:
    return next(f for f in REPORTS[rule]["runs"][0]["findings"] if f["rule"] == rule)


def _plain(finding: Any) -> dict[str, Any]:
    return {"message": finding.message, "episode": finding.episode}


def _go_on(monitor: Monitor, numbers: Iterable[int], values: Values | None) -> None:
    log = CaffeLog()
    log.displays(numbers, values)
    for number, text in log.chunks:
        monitor.feed(text.encode(), number)


def _size(monitor: Monitor) -> int:
    """Return how much a monitor remembers."""
    return len(pickle.dumps(vars(monitor)))
