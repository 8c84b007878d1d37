"""What people are told: an alert, the labels that name it and the notes that explain it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

Severity = Literal["info", "warning", "critical"]
State = Literal["firing", "resolved", "event"]

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
"""Every severity, mildest first; the position is its rank."""


class Origin(NamedTuple):
    """Where a log lives: the part of an alert's identity that does not change with the run.

    Parameters
    ----------
    host
        The machine's configured name.
    job
        The job's configured name.
    log
        The configured or linked path, never a rotated file's name.
    labels
        The job's own labels, added to every alert's.
    """

    host: str
    job: str
    log: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Alert:
    """One edge in the life of a finding: it began to fire, or it resolved.

    Or an event in the life of a run, which is over at once and never resolves.

    Parameters
    ----------
    fingerprint
        Identity over host, job, log, run, rule and episode: 16 hexadecimal digits, the same in
        every process that reads the same bytes.
    group
        Identity over host, job, log and run: what one notification holds together.
    state
        ``firing``, ``resolved`` or ``event``.
    labels
        Frozen when it fired: alertname, severity, host, training_job, log, run, the job's own,
        layer, blob and phase where they apply, and event with an event's kind.
    annotations
        summary, description, advice, iteration, value and, where they apply, iteration_estimated
        (true until the log has given the number), log_time, line, net, snapshot (the last clean
        one), evidence (the last values as bars), recent (the very last in figures),
        consequences, repeat (how often it was told before) and, when it has resolved, resolution
        (why).
    starts_at, ends_at
        Wall time in seconds since the epoch; ``ends_at`` is None while it fires, and the same for
        an event.
    """

    fingerprint: str
    group: str
    state: State
    rule: str
    severity: Severity
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: float
    ends_at: float | None = None


def resolved(alert: Alert, now: float, why: str) -> Alert:
    """Make the second edge of an alert; ``why`` tells a cure from a run that is merely over."""
    notes = {**alert.annotations, "resolution": why}
    return replace(alert, state="resolved", ends_at=now, annotations=notes)


def identity(*parts: str) -> str:
    """Hash names into 16 hexadecimal digits; no two lists of parts share their encoding."""
    encoded = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(encoded.encode("utf-8", "surrogateescape")).hexdigest()[:16]
