"""The collector: asks for snapshots when it is scraped, and remembers no more than totals."""

from __future__ import annotations

import math
import platform
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import chain

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from caffewatch.alert.model import Severity
from caffewatch.export import families
from caffewatch.export.families import Family
from caffewatch.export.labels import label_value
from caffewatch.export.running import RunningTotals
from caffewatch.export.series import Series, position_series, snapshot_series
from caffewatch.export.stats import DelayHistogram, ServiceStats
from caffewatch.snapshot import Snapshot

Address = tuple[str, str]
"""(job, log)."""


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """What is exported.

    Parameters
    ----------
    version
        Version of caffewatch.
    rules
        (rule, severity) pairs whose alerts are shown at 0 while they do not fire.
    blobs
        Whether every blob gets a series (``metrics.blobs``).
    max_series_per_log
        Series beyond this are left out: blobs first, then layers and net outputs.
    zone
        Time zone of the stamps in the logs, None for the machine's own.
    """

    version: str
    rules: tuple[tuple[str, Severity], ...] = ()
    blobs: bool = False
    max_series_per_log: int = 5000
    zone: tzinfo | None = None


class Collector:
    """Yields every family of caffewatch at scrape time; register it with a registry of its own.

    Parameters
    ----------
    snapshots
        Gives the last frozen snapshot of every log.
    stats
        Gives the daemon's own figures.
    settings
        What is exported.
    """

    def __init__(
        self,
        snapshots: Callable[[], Sequence[Snapshot]],
        stats: Callable[[], ServiceStats],
        settings: CollectorSettings,
    ) -> None:
        self._snapshots = snapshots
        self._stats = stats
        self._settings = settings
        # Scrapes come from several threads, and an older snapshot must not follow a newer one.
        self._lock = threading.Lock()
        self._totals = RunningTotals()
        self._dropped: dict[Address, int] = {}

    def describe(self) -> Iterator[Metric]:
        """Yield nothing: the names need not be known before the first scrape."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield the families as they stand now, with HELP and TYPE even where nothing is known."""
        with self._lock:
            stats = self._stats()
            logs = self._collect_logs(stats)
        return chain(logs, _service_metrics(stats, self._settings.version))

    def _collect_logs(self, stats: ServiceStats) -> list[Metric]:
        metrics = {family: family.metric() for family in families.LOG_FAMILIES}
        dropped = families.SERIES_DROPPED.metric()
        counted: set[Hashable] = set()
        by_log = self._by_log(stats)
        self._dropped = {address: self._dropped.get(address, 0) for address in by_log}
        for address, series in by_log.items():
            kept, left_out = bounded(series, self._settings.max_series_per_log)
            self._dropped[address] += left_out
            prefix = (label_value(address[0]), label_value(address[1]))
            for (family, labels), (value, epoch) in kept.items():
                shown = value
                if family.kind == "counter":
                    key = (address, family, labels)
                    counted.add(key)
                    shown = self._totals.update(key, value, epoch)
                metrics[family].add_metric((*prefix, *labels), shown)
            dropped.add_metric(prefix, self._dropped[address])
        self._totals.keep(counted)
        return [*metrics.values(), dropped]

    def _by_log(self, stats: ServiceStats) -> dict[Address, Iterable[Series]]:
        settings = self._settings
        by_log: dict[Address, Iterable[Series]] = {
            (log.job, log.log): position_series(log) for log in stats.logs
        }
        for snapshot in self._snapshots():
            address = (snapshot.job, snapshot.log)
            series = snapshot_series(snapshot, settings.rules, settings.blobs, settings.zone)
            by_log[address] = chain(by_log.get(address, ()), series)
        return {log: series for log, series in by_log.items() if log not in stats.retired}


def bounded(
    series: Iterable[Series], limit: int
) -> tuple[dict[tuple[Family, tuple[str, ...]], tuple[float, str]], int]:
    """Keep the first series up to a limit, and of several with the same labels the first.

    Returns
    -------
    tuple
        (family, label values) -> (value, epoch), and how many series were left out.
    """
    kept: dict[tuple[Family, tuple[str, ...]], tuple[float, str]] = {}
    left_out = 0
    for family, value, labels, epoch in series:
        key = (family, tuple(map(label_value, labels)))
        if key in kept:
            continue
        if len(kept) < limit:
            kept[key] = (float(value), epoch)
        else:
            left_out += 1
    return kept, left_out


def _service_metrics(stats: ServiceStats, version: str) -> Iterator[Metric]:
    yield _metric(families.NOTIFICATIONS, stats.notifications.items())
    yield _metric(families.QUEUE_LENGTH, (((k,), n) for k, n in stats.queue_lengths.items()))
    yield _delays(stats.delays)
    yield _metric(families.ERRORS, (((k,), n) for k, n in stats.errors.items()))
    yield _metric(families.RELOAD, [((), stats.last_reload_successful)])
    yield _metric(families.BUILD_INFO, [((version, platform.python_version()), 1)])


def _metric(family: Family, series: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    metric = family.metric()
    for labels, value in series:
        metric.add_metric(tuple(map(label_value, labels)), float(value))
    return metric


def _delays(delays: DelayHistogram) -> Metric:
    return HistogramMetricFamily(
        "caffewatch_notification_delay_seconds",
        "Time from the writing of a notification to its delivery.",
        buckets=[("+Inf" if math.isinf(le) else str(le), n) for le, n in delays.buckets],
        sum_value=delays.total,
    )
