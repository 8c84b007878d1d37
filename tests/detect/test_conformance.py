from __future__ import annotations

import dataclasses
import inspect
import json
import pickle
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caffewatch.detect.registry import RULES
from caffewatch.detect.settings import RuleSettings
from caffewatch.log.displays import KEPT
from caffewatch.log.events import Event
from caffewatch.monitor import Monitor
from caffewatch.report.as_json import report
from tests.detect.nets import deep
from tests.logs import MLP, CaffeLog, Values
from tests.watched import findings, found, only, tuned, watch

Write = Callable[[CaffeLog, int], None]
"""What writes one display, of the iteration given."""


def shows(values: Values) -> Write:
    """Write displays with these values in their blocks."""
    return lambda log, number: log.display(number, values)


def has_loss(loss: Callable[[int], float]) -> Write:
    """Write displays with these losses."""
    return lambda log, number: log.display(number, loss=loss(number))


def _waits(log: CaffeLog, number: int) -> None:
    log.say("Waiting for data", "blocking_queue.cpp:49")
    log.display(number)


def _overfits(log: CaffeLog, number: int) -> None:
    log.test(number, loss=1 if number == BEGIN else 3)
    log.display(number, loss=0.5)


def _slows_down(log: CaffeLog, number: int) -> None:
    log.pass_time(2.5 if number < 300 else 20)
    log.display(number)


def _stalls(log: CaffeLog, number: int) -> None:
    log.pass_time(2000 if number == BEGIN + 10 else 0)
    log.display(number)


BEGIN = 70
"""The iteration at which the fault begins, after seven displays that are well."""
FAULTS: dict[str, Write] = {
    "non_finite": shows({"ip1": "nan"}),
    "bad_input": shows({"data": 0}),
    "dead_activation": shows({"relu1": 0}),
    "saturated_activation": shows({"act1": 0.99}),
    "zero_gradient": shows({"d ip1.0": 0}),
    "vanishing_gradient": shows({"d ip1.0": 1e-9, "d ip2.0": 1e-9}),
    "gradient_explosion": shows({"d ip1.0": 1e9}),
    "update_ratio": shows({"d ip2.0": 10}),
    "unchanged_weights": shows({"d ip1.0": 0.1}),
    "weight_norm": shows({"ip1.0": 10}),
    "learning_rate": lambda log, number: log.display(number, lr=0),
    "loss_divergence": has_loss(lambda number: 25),
    "loss_spike": has_loss(lambda number: 60 if number % 100 == 90 else 2),
    "loss_plateau": has_loss(lambda number: 2),
    "overfitting": _overfits,
    "suspect_data": has_loss(lambda number: 0),
    "stall": _stalls,
    "slowdown": _slows_down,
    "data_starvation": _waits,
    "crash": shows({}),
}
"""How a run is ill, rule by rule."""
NETS = {"saturated_activation": deep("TanH"), "vanishing_gradient": deep("Sigmoid")}
LONG = {"loss_plateau": 40, "slowdown": 32}
"""Displays that it takes, where the usual number is not enough."""
ILL_FROM_THE_START = ("suspect_data",)


def faulty(rule: str) -> CaffeLog:
    """Write a log that shows what one rule is for."""
    log = CaffeLog.started(NETS.get(rule, MLP))
    if rule not in ILL_FROM_THE_START:
        log.displays(range(0, BEGIN, 10))
    for number in range(BEGIN, BEGIN + 10 * LONG.get(rule, 14), 10):
        FAULTS[rule](log, number - BEGIN if rule in ILL_FROM_THE_START else number)
    if rule == "crash":
        log.fatal()
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
        } | {"on_training", "on_display", "on_tested", "tick"}

        handlers = {name for name in dir(RULES[rule]) if name.startswith("on_") or name == "tick"}

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
        """What judges no layers stays off."""
        default, special = (RULES[rule].Parameters(enabled=x) for x in (False, True))

        def rules(glob: str) -> RuleSettings:
            return RuleSettings({rule: default}, {rule: ((glob, special),)})

        here, elsewhere = (found(LOGS[rule], rule, rules(glob)) for glob in ("[a-z]*", "[A-Z]*"))

        assert (len(here), elsewhere) == (RULES[rule].layered, [])

    def test_has_the_severity_that_is_set(self, rule: str) -> None:
        """Except where the size of the fault decides it."""
        finding = only(LOGS[rule], rule, tuned(rule, severity="info"))

        assert finding.severity == ("critical" if rule == "gradient_explosion" else "info")

    def test_remembers_no_more_after_many_passes(self, rule: str) -> None:
        """Histories have a bound; they are full after two times `KEPT` displays."""
        monitor = Monitor()
        monitor.feed(LOGS[rule].data, 0.0)
        full = 10_000 + 20 * KEPT
        _go_on(monitor, range(10_000, full, 10), rule)
        before = _size(monitor)

        _go_on(monitor, range(full, full + 20 * KEPT, 10), rule)

        assert monitor.runs[0].run.display_count > 4 * KEPT
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

    @settings(max_examples=15)
    @given(piece=st.integers(1, 3000))
    def test_cutting_of_reads_is_irrelevant(self, rule: str, piece: int) -> None:
        """The same bytes give the same report."""
        monitor = watch(DATA[rule], piece=piece)

        assert report("train.log", monitor) == REPORTS[rule]


def _first(rule: str) -> dict[str, Any]:
    return next(f for f in REPORTS[rule]["runs"][0]["findings"] if f["rule"] == rule)


def _plain(finding: Any) -> dict[str, Any]:
    return {"message": finding.message, "episode": finding.episode}


def _go_on(monitor: Monitor, numbers: Iterable[int], rule: str) -> None:
    log = CaffeLog(NETS.get(rule, MLP))
    for number in numbers:
        FAULTS[rule](log, number)
    for number, text in log.chunks:
        monitor.feed(text.encode(), number)


def _size(monitor: Monitor) -> int:
    """Return how much a monitor remembers."""
    return len(pickle.dumps(vars(monitor)))
