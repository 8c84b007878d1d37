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
from caffewatch.export import service_families as service
from caffewatch.export.family import Family
from caffewatch.export.labels import label_value
from caffewatch.export.lines import NUMBERS, Heads, tail
from caffewatch.export.running import RunningTotals
from caffewatch.export.series import Series, position_series, snapshot_series
from caffewatch.export.stats import DelayHistogram, JobStats, ServiceStats
from caffewatch.snapshot import Snapshot

Address = tuple[str, str]
"""(job, log)."""
Lines = dict[Family, list[str]]


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
    """All series of caffewatch as they stand when it is asked.

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
        self._heads = Heads()

    def logs(self) -> Lines:
        """Return the lines of every log's series, by family in the order of a scrape."""
        with self._lock:
            lines: Lines = {family: [] for family in families.LOG_FAMILIES}
            counted: set[Hashable] = set()
            stats = self._stats()
            by_log = self._by_log(stats)
            self._dropped = {address: self._dropped.get(address, 0) for address in by_log}
            for address, series in by_log.items():
                self._write(address, series, lines, counted)
            self._totals.keep(counted)
            for job in stats.jobs:
                self._write_alerts(job, lines[families.ALERTS])
        return lines

    def collect(self) -> Iterator[Metric]:
        """Yield the daemon's own figures, for a registry."""
        return _service_metrics(self._stats(), self._settings.version)

    def _write(
        self, address: Address, series: Iterable[Series], lines: Lines, counted: set[Hashable]
    ) -> None:
        """Write one log's series; of several with the same labels the first, up to the limit."""
        limit, heads, log = self._settings.max_series_per_log, self._heads, tail(*address)
        written: set[str] = set()
        left_out = 0
        for family, value, labels, epoch in series:
            head = heads[family, labels]
            if head in written:
                continue
            if len(written) >= limit:
                left_out += 1
                continue
            written.add(head)
            shown = value
            if family.kind == "counter":
                key = (address, head)
                counted.add(key)
                shown = self._totals.update(key, value, epoch)
            text = repr(shown)
            lines[family].append(f"{head}{log}{NUMBERS.get(text, text)}\n")
        self._dropped[address] += left_out
        dropped = families.SERIES_DROPPED
        lines[dropped].append(f"{heads[dropped, ()]}{log}{self._dropped[address]}\n")

    def _write_alerts(self, job: JobStats, lines: list[str]) -> None:
        """Write the alerts of a job itself; they stay when its logs retire."""
        path = tail(job.job, job.path)
        for pair, number in job.alerts.items():
            lines.append(f"{self._heads[families.ALERTS, pair]}{path}{number}\n")

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


def _service_metrics(stats: ServiceStats, version: str) -> Iterator[Metric]:
    yield _metric(service.JOB_LOGS, (((x.job,), x.logs) for x in stats.jobs))
    yield _metric(service.NOTIFICATIONS, stats.notifications.items())
    yield _metric(service.QUEUE_LENGTH, (((k,), n) for k, n in stats.queue_lengths.items()))
    yield _delays(stats.delays)
    yield _metric(service.ERRORS, (((k,), n) for k, n in stats.errors.items()))
    yield _metric(service.RELOAD, [((), stats.last_reload_successful)])
    yield _metric(service.BUILD_INFO, [((version, platform.python_version()), 1)])


def _metric(family: Family, series: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    metric = family.metric()
    assert not isinstance(metric, HistogramMetricFamily)
    for labels, value in series:
        metric.add_metric(tuple(map(label_value, labels)), float(value))
    return metric


def _delays(delays: DelayHistogram) -> Metric:
    metric = service.DELAY.metric()
    assert isinstance(metric, HistogramMetricFamily)
    buckets = [("+Inf" if math.isinf(le) else str(le), n) for le, n in delays.buckets]
    metric.add_metric((), buckets, delays.total)
    return metric
