"""What the daemon knows beside the snapshots: positions, notifications, errors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DelayHistogram:
    """Seconds from the writing of a notification to its delivery.

    Parameters
    ----------
    buckets
        (upper bound, how many took at most that), cumulative, the last bound infinite.
    total
        Sum of all delays, seconds.
    """

    buckets: tuple[tuple[float, int], ...] = ((math.inf, 0),)
    total: float = 0.0


def merge(histograms: Iterable[DelayHistogram]) -> DelayHistogram:
    """Add up the histograms of several receivers.

    Raises
    ------
    ValueError
        Their bounds differ.
    """
    merged: DelayHistogram | None = None
    for one in histograms:
        merged = one if merged is None else _add(merged, one)
    return DelayHistogram() if merged is None else merged


def _add(a: DelayHistogram, b: DelayHistogram) -> DelayHistogram:
    if [bound for bound, _ in a.buckets] != [bound for bound, _ in b.buckets]:
        raise ValueError(f"histograms with different bounds: {a.buckets} and {b.buckets}")
    counts = ((bound, n + m) for (bound, n), (_, m) in zip(a.buckets, b.buckets, strict=True))
    return DelayHistogram(tuple(counts), a.total + b.total)


@dataclass(frozen=True, slots=True)
class LogStats:
    """How far one log has been read.

    Parameters
    ----------
    job, log
        The same as in the log's snapshot.
    lines, bytes
        Taken in for the first time and committed since the process started; what is re-read after
        a restart does not count.
    position, lag
        Bytes of the current file that are committed, and that are still to be read.
    rotations
        Kind of rotation (rename, truncate …) -> how often since the process started.
    """

    job: str
    log: str
    lines: int
    bytes: int
    position: int
    lag: int
    rotations: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobStats:
    """What is known of a configured job beside its logs.

    Parameters
    ----------
    job, path
        Its name, and what it follows.
    logs
        How many logs of it can be read.
    alerts
        (rule, severity) -> how many alerts of the job itself fire; likewise with zeros.
    """

    job: str
    path: str
    logs: int
    alerts: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceStats:
    """The daemon as it stands; every count is since the process started.

    Parameters
    ----------
    logs
        One entry per followed log.
    jobs
        One entry per configured job.
    errors
        Place (tail, store, deliver …) -> errors; give places that have none yet as 0.
    notifications
        (receiver, outcome) -> tries that ended so; likewise with zeros.
    queue_lengths
        Receiver -> notifications that wait in its outbox now.
    delays
        Of the notifications that were delivered, all receivers together.
    last_reload_successful
        Whether the configuration in force is the one in the file.
    retired
        (job, log) of logs that ended or fell silent long enough ago to leave the metrics.
    """

    logs: tuple[LogStats, ...] = ()
    jobs: tuple[JobStats, ...] = ()
    errors: Mapping[str, int] = field(default_factory=dict)
    notifications: Mapping[tuple[str, str], int] = field(default_factory=dict)
    queue_lengths: Mapping[str, int] = field(default_factory=dict)
    delays: DelayHistogram = DelayHistogram()
    last_reload_successful: bool = True
    retired: frozenset[tuple[str, str]] = frozenset()
