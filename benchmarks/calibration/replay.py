"""Labelled logs, shown to one rule again and again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from caffewatch.detect.detector import Detector
from caffewatch.detect.finding import Finding
from caffewatch.detect.registry import RULES
from caffewatch.detect.settings import Parameters, RuleSettings
from caffewatch.log.events import Event, Iteration, RunStarted
from caffewatch.log.parser import Parser
from caffewatch.log.run import Run
from caffewatch.report.reading import chunks, open_log
from calibration.axis import Axis, crossing

Role = Literal["healthy", "must", "faulty"]
"""What a log is to a rule: one to be silent on, one to be found, one that is broken otherwise."""
Target = tuple[str, str]
"""A rule's id and the name of one of its parameters."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """What one rule makes of one log as one of its parameters moves.

    Parameters
    ----------
    fires
        Whether it fires at the default.
    below, above
        The last value on that side of the default at which it fires, where it begins or ceases to
        on that side; None where it does neither within the axis.
    """

    rule: str
    parameter: str
    log: str
    role: Role
    fires: bool
    below: float | None
    above: float | None


class Replay:
    """One labelled log, parsed once.

    Parameters
    ----------
    label
        Its entry in labels.json: ``status`` and ``must``.
    """

    def __init__(self, name: str, events: list[Event], label: Mapping[str, Any]) -> None:
        self.name = name
        self._events = events
        self._healthy = label["status"] == "healthy"
        self._must = {must["rule"]: must for must in label["must"]}
        self._defaults: dict[str, bool] = {}

    @classmethod
    def read(cls, path: Path, label: Mapping[str, Any]) -> Replay:
        """Parse a log; stamps without a year are all taken for the same one.

        Raises
        ------
        OSError
            It cannot be read.
        """
        parser = Parser()
        with open_log(str(path)) as stream:
            events = [event for data in chunks(stream) for event in parser.feed(data)]
        events += parser.close()
        for event in events:
            if type(event) is Iteration:
                event.settle()  # the log is taken many times over, and shall be the same each time
        return cls(path.name.split(".log")[0], events, label)

    def role(self, rule: str) -> Role:
        """Tell what the log is to a rule."""
        if rule in self._must:
            return "must"
        return "healthy" if self._healthy else "faulty"

    def measure(self, rule: str, parameter: str) -> Statistic:
        """Find the values of a parameter at which a rule begins or ceases to fire in this log.

        Raises
        ------
        ValueError
            The parameter has no axis.
        """
        axis = axis_of(rule, parameter)

        def fires(value: float) -> bool:
            changed: dict[str, Any] = {parameter: value}
            return self.fires(rule, RULES[rule].Parameters(**changed))

        return Statistic(
            rule,
            parameter,
            self.name,
            self.role(rule),
            self.fires(rule),
            crossing(axis, axis.low, fires),
            crossing(axis, axis.high, fires),
        )

    def fires(self, rule: str, parameters: Parameters | None = None) -> bool:
        """Tell whether a rule is loud; where the label names it, whether in all layers named.

        Rules that can only be info count as loud when they find anything. Folding is not looked
        at: in a healthy log there is no cause to fold into.
        """
        default = RULES[rule].Parameters()
        if parameters is None or parameters == default:
            if rule not in self._defaults:
                self._defaults[rule] = self._judge(rule, default)
            return self._defaults[rule]
        return self._judge(rule, parameters)

    def _judge(self, rule: str, parameters: Parameters) -> bool:
        quiet = RULES[rule].severities != ("info",)
        loud = [f for f in self._find(rule, parameters) if not (quiet and f.severity == "info")]
        named = {layer for finding in loud for layer in finding.layers}
        wanted = self._must.get(rule, {}).get("layers", ())
        return bool(loud) and named.issuperset(wanted)

    def _find(self, rule: str, parameters: Parameters) -> list[Finding]:
        settings = RuleSettings({**_SILENT, rule: parameters})
        found: list[Finding] = []
        detector: Detector | None = None
        for event in self._events:
            if type(event) is RunStarted:
                run = Run.begin(event)
                detector = Detector(run, settings)
            if detector is not None:
                run.apply(event)
                found += detector.take(event)
        return found


def study(path: Path, label: Mapping[str, Any], targets: list[Target]) -> list[Statistic]:
    """Measure one log for all rules and parameters; made to be run in a process of its own."""
    replay = Replay.read(path, label)
    return [replay.measure(*target) for target in targets]


def axis_of(rule: str, parameter: str) -> Axis:
    """Return the axis of a rule's parameter.

    Raises
    ------
    ValueError
        There is no such parameter, or its default is no number above 0.
    """
    for field in fields(RULES[rule].Parameters):
        if field.name == parameter and (axis := Axis.of(field)) is not None:
            return axis
    raise ValueError(f"{rule}.{parameter} is no parameter with a number above 0")


_SILENT = {rule: entry.Parameters(enabled=False) for rule, entry in RULES.items()}
