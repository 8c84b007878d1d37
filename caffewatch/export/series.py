"""The series of one log: from a snapshot and the daemon's figures to labelled values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo

from caffewatch.alert.model import Severity
from caffewatch.export import families
from caffewatch.export.family import Family
from caffewatch.export.stats import LogStats
from caffewatch.log.life import KINDS
from caffewatch.snapshot import RUN_STATES, RunSnapshot, Snapshot

Series = tuple[Family, float, tuple[str, ...], str]
"""Family, value, the labels that it has beside training_job and log, epoch.

A counter's value may only grow within one epoch; the next epoch starts at 0 again. Plain tuples:
there are hundreds of thousands of them in a scrape of many logs.
"""


_ORIGINS = ("new", "resumed", "finetuned")


def snapshot_series(
    snapshot: Snapshot, rules: Iterable[tuple[str, Severity]], blobs: bool, zone: tzinfo | None
) -> Iterator[Series]:
    """Yield the series of a snapshot, what matters most first.

    Parameters
    ----------
    snapshot
        The log as it stands.
    rules
        (rule, severity) pairs that are shown at 0 while they do not fire.
    blobs
        Whether every blob gets a series.
    zone
        Time zone of the log's stamps, None for the machine's own.
    """
    yield from _daemon_series(snapshot, rules)
    if snapshot.last_line_time is not None:
        yield from _stamp(families.LAST_LINE, snapshot.last_line_time, zone)
    if snapshot.run is not None:
        yield from _run_series(snapshot.run, zone)
        yield from _layer_series(snapshot.run)
        if blobs:
            yield from _blob_series(snapshot.run)


def position_series(stats: LogStats) -> Iterator[Series]:
    """Yield how far the log has been read."""
    yield families.LINES, stats.lines, (), ""
    yield families.BYTES, stats.bytes, (), ""
    yield families.READ_POSITION, stats.position, (), ""
    yield families.READ_LAG, stats.lag, (), ""
    for kind, count in stats.rotations.items():
        yield families.ROTATIONS, count, (kind,), ""


def _daemon_series(snapshot: Snapshot, rules: Iterable[tuple[str, Severity]]) -> Iterator[Series]:
    yield families.UNRECOGNISED_LINES, snapshot.unrecognised_lines, (), ""
    # Pairs are given once each: a rule may fire in another severity than it was declared with.
    declared = tuple(rules)
    for pair in dict.fromkeys((*declared, *snapshot.firing)):
        yield families.ALERTS, snapshot.firing.get(pair, 0), pair, ""
    for rule in dict.fromkeys((*(rule for rule, _ in declared), *snapshot.findings)):
        yield families.FINDINGS, snapshot.findings.get(rule, 0), (rule,), ""


def _run_series(run: RunSnapshot, zone: tzinfo | None) -> Iterator[Series]:
    yield families.RUN_INFO, 1, (run.net, run.solver_type, str(run.ordinal)), ""
    for state in RUN_STATES:
        yield families.RUN_STATE, int(state == run.state), (state,), ""
    for origin in _ORIGINS:
        yield families.RUN_ORIGIN, int(origin == _origin(run)), (origin,), ""
    if run.started_at is not None:
        yield from _stamp(families.RUN_START, run.started_at, zone)
    known = (
        (families.ITERATION, run.iteration),
        (families.MAX_ITERATIONS, run.max_iterations),
        (families.LOSS, run.loss),
        (families.LEARNING_RATE, run.learning_rate),
        (families.ITERATIONS_PER_SECOND, run.iterations_per_second),
        (families.SNAPSHOT_ITERATION, run.snapshot_iteration),
        (families.NON_FINITE, run.non_finite_values),
    )
    yield from ((family, value, (), "") for family, value in known if value is not None)
    yield families.GRADIENT_CLIPS, run.gradient_clips, (), run.id
    for kind in KINDS:
        yield families.RUN_EVENTS, run.events.get(kind, 0), (kind,), run.id
    for family, norm in ((families.PARAMS_L1, run.l1_norm), (families.PARAMS_L2, run.l2_norm)):
        if norm is not None:
            yield family, norm[0], ("data",), ""
            yield family, norm[1], ("diff",), ""
    for output in run.outputs:
        labels = (output.net, output.phase, output.name, str(output.index))
        yield families.NET_OUTPUT, output.value, labels, ""


def _origin(run: RunSnapshot) -> str:
    return next((kind for kind in _ORIGINS if run.events.get(kind)), "new")


def _layer_series(run: RunSnapshot) -> Iterator[Series]:
    for position, health in enumerate(run.layers, 1):
        labels = (health.layer,)
        yield families.LAYER_POSITION, position, labels, ""
        if health.activation is not None:
            yield families.LAYER_ACTIVATION, health.activation, labels, ""
        if health.weight is not None:
            yield families.LAYER_WEIGHT, health.weight, labels, ""
        if health.gradient is not None:
            yield families.LAYER_GRADIENT, health.gradient, labels, ""
        if health.passed is not None:
            yield families.LAYER_PASSED, health.passed, labels, ""


def _blob_series(run: RunSnapshot) -> Iterator[Series]:
    for blob in run.blobs:
        labels = (blob.phase, blob.layer, blob.kind, blob.blob, blob.quantity)
        yield families.BLOB, blob.value, labels, ""


def _stamp(family: Family, stamp: float, zone: tzinfo | None) -> Iterator[Series]:
    """Yield the epoch seconds of a stamp that was read as if it were UTC, if there are any.

    A log may claim any year, and the year 1 lies before some zones' first second.
    """
    try:
        wall = datetime.fromtimestamp(stamp, UTC).replace(tzinfo=zone)
        yield family, wall.timestamp(), (), ""
    except (ValueError, OverflowError, OSError):
        return
