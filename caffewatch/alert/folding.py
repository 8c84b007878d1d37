"""One cause, one message: which findings only follow from others."""

from __future__ import annotations

from collections.abc import Iterable

from caffewatch.alert.model import SEVERITIES
from caffewatch.detect.finding import Finding
from caffewatch.log.run import Run

_CHAIN = (
    ("bad_input",),
    ("dead_activation", "saturated_activation"),
    ("zero_gradient", "vanishing_gradient"),
    ("loss_plateau", "unchanged_weights"),
)
"""Each link follows from those before it, the nearest first."""

CAUSES: dict[str, tuple[str, ...]] = {
    rule: tuple(cause for link in reversed(_CHAIN[:at]) for cause in link)
    for at, rules in enumerate(_CHAIN)
    for rule in rules
} | dict.fromkeys(("loss_divergence", "loss_spike", "weight_norm"), ("gradient_explosion",))
"""Rule -> the rules that it may follow from, the nearest cause first."""


def fold(finding: Finding, others: Iterable[Finding], run: Run) -> Finding | None:
    """Find the finding that this one follows from, and mark it so.

    After a nan everything that begins at or after it is its consequence; a crash only where
    training had reached its end. Other causes must have been found by now, and not have been over
    when this one began. Never folded: a nan, and anything into a lower severity.
    """
    if finding.rule == "non_finite" or (finding.rule == "crash" and not run.at_end):
        return None
    candidates = [x for x in others if x is not finding and _may_cause(x, finding)]
    for rule in ("non_finite", *CAUSES.get(finding.rule, ())):
        cause = next((x for x in candidates if x.rule == rule), None)
        if cause is not None:
            finding.caused_by = rule
            cause.consequences.append(finding.rule)
            return cause
    return None


def _may_cause(cause: Finding, finding: Finding) -> bool:
    rank = SEVERITIES.index
    if rank(cause.severity) < rank(finding.severity):
        return False
    if cause.rule == "non_finite":
        return _precedes(cause, finding)
    return not _was_over(cause, finding)


def _precedes(cause: Finding, finding: Finding) -> bool:
    """Compare by line, and within a pass by iteration: there a cause may be printed later."""
    first, second = cause.place, finding.place
    same = first.moment is second.moment or cause.iteration == finding.iteration is not None
    return same or first.line <= second.line


def _was_over(cause: Finding, finding: Finding) -> bool:
    if cause.ended is None or finding.iteration is None:
        return cause.state == "resolved"
    return cause.ended < finding.iteration
