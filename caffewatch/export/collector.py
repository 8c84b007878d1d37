"""The collector: asks for snapshots when it is scraped, and writes anew what has changed."""

from __future__ import annotations

import math
import platform
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import NamedTuple

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
from caffewatch.export.stats import DelayHistogram, JobStats, LogStats, ServiceStats
from caffewatch.snapshot import Snapshot

Address = tuple[str, str]
"""(job, log)."""
Lines = dict[Family, list[bytes]]
"""Pieces of text, each of one log and family."""


class _Text(NamedTuple):
    """Series as they are scraped."""

    lines: dict[Family, bytes]
    series: int
    left_out: int
    counters: tuple[Hashable, ...]


class _Kept(NamedTuple):
    """What was scraped of a log, and its text once it was the same twice.

    Most of the logs that are shown have ended; those that go on would only take up memory.
    """

    snapshot: Snapshot
    room: int
    text: _Text | None


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
        self._kept: dict[Address, _Kept] = {}
        self._heads = Heads()

    def logs(self) -> Lines:
        """Return the text of every log's series, by family in the order of a scrape."""
        with self._lock:
            stats = self._stats()
            lines: Lines = {family: [] for family in families.LOG_FAMILIES}
            counted: set[Hashable] = set()
            shown = self._shown(stats)
            self._dropped = {address: self._dropped.get(address, 0) for address in shown}
            self._kept = {address: x for address, x in self._kept.items() if address in shown}
            for address, (position, snapshot) in shown.items():
                self._write(address, position, snapshot, lines, counted)
            self._totals.keep(counted)
            for job in stats.jobs:
                self._write_alerts(job, lines[families.ALERTS])
        return lines

    def collect(self) -> Iterator[Metric]:
        """Yield the daemon's own figures, for a registry."""
        return _service_metrics(self._stats(), self._settings.version)

    def _write(
        self,
        address: Address,
        position: LogStats | None,
        snapshot: Snapshot | None,
        lines: Lines,
        counted: set[Hashable],
    ) -> None:
        """Write one log's series, up to the limit."""
        texts, room = [], self._settings.max_series_per_log
        if position is not None:
            texts.append(self._text(address, position_series(position), room))
            room -= texts[0].series
        if snapshot is not None:
            texts.append(self._of_snapshot(address, snapshot, room))
        for text in texts:
            counted.update(text.counters)
            for family, series in text.lines.items():
                lines[family].append(series)
        self._dropped[address] += sum(text.left_out for text in texts)
        dropped = self._heads[families.SERIES_DROPPED, ()]
        line = f"{dropped}{tail(*address)}{self._dropped[address]}\n"
        lines[families.SERIES_DROPPED].append(line.encode())

    def _of_snapshot(self, address: Address, snapshot: Snapshot, room: int) -> _Text:
        """Return a snapshot's text, one of an earlier scrape where nothing has changed for long."""
        kept = self._kept.get(address)
        if kept is not None and (kept.snapshot is not snapshot or kept.room != room):
            kept = None
        if kept is not None and kept.text is not None:
            return kept.text
        settings = self._settings
        series = snapshot_series(snapshot, settings.rules, settings.blobs, settings.zone)
        text = self._text(address, series, room)
        self._kept[address] = _Kept(snapshot, room, text if kept else None)
        return text

    def _text(self, address: Address, series: Iterable[Series], room: int) -> _Text:
        """Write series, of several with the same labels the first."""
        heads, log = self._heads, tail(*address)
        lines: dict[Family, list[str]] = {}
        written: set[str] = set()
        counters: list[Hashable] = []
        left_out = 0
        for family, value, labels, epoch in series:
            head = heads[family, labels]
            if head in written:
                continue
            if len(written) >= room:
                left_out += 1
                continue
            written.add(head)
            shown = value
            if family.kind == "counter":
                key = (address, head)
                counters.append(key)
                shown = self._totals.update(key, value, epoch)
            number = repr(shown)
            line = f"{head}{log}{NUMBERS.get(number, number)}\n"
            if family in lines:
                lines[family].append(line)
            else:
                lines[family] = [line]
        text = {family: "".join(x).encode() for family, x in lines.items()}
        return _Text(text, len(written), left_out, tuple(counters))

    def _write_alerts(self, job: JobStats, lines: list[bytes]) -> None:
        """Write the alerts of a job itself; they stay when its logs retire."""
        path = tail(job.job, job.path)
        for pair, number in job.alerts.items():
            lines.append(f"{self._heads[families.ALERTS, pair]}{path}{number}\n".encode())

    def _shown(self, stats: ServiceStats) -> dict[Address, tuple[LogStats | None, Snapshot | None]]:
        """Return what is known of each log that has not retired."""
        positions = {(log.job, log.log): log for log in stats.logs}
        snapshots = {(x.job, x.log): x for x in self._snapshots()}
        return {
            address: (positions.get(address), snapshots.get(address))
            for address in positions | snapshots
            if address not in stats.retired
        }


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
