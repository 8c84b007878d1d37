"""Many logs in a few figures: by verdict, outcome, rule and type of layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from caffewatch.detect.finding import Finding
from caffewatch.log.run import Run
from caffewatch.monitor import Monitor
from caffewatch.report.plain import plain
from caffewatch.report.styled import Line

VERDICTS = ("critical", "warning", "healthy", "no training log", "unreadable")
"""What a log can be, worst first; the last holds those of which nothing could be read."""
EXAMPLES = 3
"""Logs that are named for each rule."""
_MOST_TYPES = 200
"""Types of layers that are told apart: a hostile log could name any number."""
_SCHEMA = 1


@dataclass(slots=True)
class Tally:
    """Counts over logs, of bounded size however many there are.

    Attributes
    ----------
    verdicts
        Logs by verdict; ``damaged`` counts those of which the end could not be read.
    outcomes
        Runs by outcome.
    rules, layer_types
        Loud findings by rule, and by the type of the layer that they name first.
    logs_by_rule, examples
        How many logs have loud findings of a rule, and the first few of them.
    """

    lines: int = 0
    damaged: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    logs_by_rule: Counter[str] = field(default_factory=Counter)
    layer_types: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Take the counts of further logs."""
        self.lines += other.lines
        self.damaged += other.damaged
        self.verdicts.update(other.verdicts)
        self.outcomes.update(other.outcomes)
        self.rules.update(other.rules)
        self.logs_by_rule.update(other.logs_by_rule)
        for kind, count in other.layer_types.items():
            known = kind in self.layer_types or len(self.layer_types) < _MOST_TYPES
            self.layer_types[kind if known else "others"] += count
        for rule, names in other.examples.items():
            held = self.examples.setdefault(rule, [])
            held += names[: EXAMPLES - len(held)]


def tally(name: str, monitor: Monitor | None, whole: bool) -> Tally:
    """Count one log; ``whole`` is False where its end could not be read."""
    if monitor is None:
        return Tally(verdicts=Counter(["unreadable"]))
    found = [(record.run, f) for record in monitor.runs for f in record.findings if f.loud]
    rules = Counter(finding.rule for _, finding in found)
    return Tally(
        lines=monitor.parser.line,
        damaged=int(not whole),
        verdicts=Counter([_verdict(monitor, [finding for _, finding in found])]),
        outcomes=Counter(record.run.outcome for record in monitor.runs),
        rules=rules,
        logs_by_rule=Counter(rules.keys()),
        layer_types=Counter(kind for run, finding in found if (kind := _kind(run, finding))),
        examples={rule: [name] for rule in rules},
    )


def _verdict(monitor: Monitor, loud: list[Finding]) -> str:
    if not monitor.runs:
        return "no training log"
    if not loud:
        return "healthy"
    return "critical" if any(f.severity == "critical" for f in loud) else "warning"


def _kind(run: Run, finding: Finding) -> str:
    layer = finding.place.layer
    return "" if layer is None else run.net.layer(layer).kind or "unknown"


def as_dict(total: Tally) -> dict[str, Any]:
    """Return the JSON of ``--summary``."""
    return {
        "schema": _SCHEMA,
        "logs": total.verdicts.total(),
        "lines": total.lines,
        "damaged": total.damaged,
        "verdicts": {verdict: total.verdicts[verdict] for verdict in VERDICTS},
        "outcomes": dict(_sorted(total.outcomes)),
        "rules": {
            rule: {
                "findings": count,
                "logs": total.logs_by_rule[rule],
                "examples": total.examples[rule],
            }
            for rule, count in _sorted(total.rules)
        },
        "layer_types": dict(_sorted(total.layer_types)),
    }


def as_text(total: Tally) -> Iterator[Line]:
    """Lay ``--summary`` out for people."""
    yield Line((f"{total.verdicts.total():,} logs, {total.lines:,} lines", "bold"))
    if total.damaged:
        yield Line((f"  of {total.damaged:,} the end could not be read", "yellow"))
    for title, counts in (
        ("verdicts (logs)", {x: total.verdicts[x] for x in VERDICTS if total.verdicts[x]}),
        ("outcomes (runs)", dict(_sorted(total.outcomes))),
        ("types of the layers that findings name first", dict(_sorted(total.layer_types))),
    ):
        yield from _section(title, counts)
    if total.rules:
        yield Line()
        yield Line(("rules (findings of severity warning or critical)", "bold"))
    for rule, count in _sorted(total.rules):
        logs = total.logs_by_rule[rule]
        named = ", ".join(map(plain, total.examples[rule]))
        more = ", …" if logs > len(total.examples[rule]) else ""
        yield Line(
            f"{count:10,}  {rule} in {logs:,} {'log' if logs == 1 else 'logs'}: {named}{more}"
        )


def _section(title: str, counts: Mapping[str, int]) -> Iterator[Line]:
    if counts:
        yield Line()
        yield Line((title, "bold"))
    for name, count in counts.items():
        yield Line(f"{count:10,}  {plain(name)}")


def _sorted(counts: Counter[str]) -> list[tuple[str, int]]:
    """Most frequent first, and by name among equals: the order of logs must not show."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
