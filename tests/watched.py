"""What the pure core makes of a log."""

from __future__ import annotations

from typing import Any

from caffewatch.alert.model import Alert, Origin
from caffewatch.detect.finding import Finding
from caffewatch.detect.registry import RULES
from caffewatch.detect.settings import Parameters, RuleSettings
from caffewatch.monitor import Monitor
from tests.logs import CaffeLog

REFERENCE = 1_795_500_000.0
"""A day after the logs were written, so that years do not depend on when files were copied."""
ORIGIN = Origin("gpu-07", "imagenet", "/data/train.log", {"team": "vision"})


def watch(
    log: CaffeLog | bytes,
    rules: RuleSettings | None = None,
    piece: int | None = None,
    origin: Origin = ORIGIN,
) -> Monitor:
    """Read a whole log, in pieces of so many bytes."""
    data = log if isinstance(log, bytes) else log.data
    monitor = Monitor(origin, rules, REFERENCE)
    for start in range(0, len(data), piece or len(data) or 1):
        monitor.feed(data[start : start + (piece or len(data))], 0.0)
    monitor.close(0.0)
    return monitor


def findings(log: CaffeLog | bytes, rules: RuleSettings | None = None) -> list[Finding]:
    """Return all findings of all runs, in the order in which they began to fire."""
    return [finding for record in watch(log, rules).runs for finding in record.findings]


def found(log: CaffeLog, rule: str, rules: RuleSettings | None = None) -> list[Finding]:
    """Return the findings of one rule."""
    return [finding for finding in findings(log, rules) if finding.rule == rule]


def only(log: CaffeLog, rule: str, rules: RuleSettings | None = None) -> Finding:
    """Return the single finding of one rule."""
    (finding,) = found(log, rule, rules)
    return finding


def alerts(log: CaffeLog, rules: RuleSettings | None = None) -> list[Alert]:
    """Read a log display by display; the wall time is each one's iteration."""
    monitor = Monitor(ORIGIN, rules, REFERENCE)
    edges = [alert for now, text in log.chunks for alert in monitor.feed(text.encode(), now)]
    assert not log.text.removeprefix("".join(text for _, text in log.chunks)), "an unended chunk"
    return edges


def edges(log: CaffeLog, rules: RuleSettings | None = None) -> list[tuple[float, str, str]]:
    """Return (iteration of the display that decided, rule, state) of each edge."""
    return [
        (alert.starts_at if alert.ends_at is None else alert.ends_at, alert.rule, alert.state)
        for alert in alerts(log, rules)
    ]


def tuned(rule: str, layer: str | None = None, **values: Any) -> RuleSettings:
    """Set parameters of one rule, for all layers or for those of a glob."""
    default: Parameters = RULES[rule].Parameters()
    special = RULES[rule].Parameters(**values)
    if layer is None:
        return RuleSettings({rule: special})
    return RuleSettings({rule: default}, {rule: ((layer, special),)})
