"""What a metric family is: its name, type, labels and meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

LOG_LABELS = ("training_job", "log")
Metric = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """One metric family; compared by identity, since there is one object for each.

    Parameters
    ----------
    name
        As scraped, a counter's with its ``_total``.
    kind
        The Prometheus type.
    labels
        Label names, in the order in which series give their values.
    documentation
        The HELP text: what it is, what is normal, what to do with it. No quotes, no line breaks.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    documentation: str

    def metric(self) -> Metric:
        """Make the family without any series yet."""
        make: type[Metric] = GaugeMetricFamily
        if self.kind != "gauge":
            make = CounterMetricFamily if self.kind == "counter" else HistogramMetricFamily
        return make(self.name, self.documentation, labels=self.labels)


def gauge(name: str, documentation: str, *labels: str) -> Family:
    """Make a gauge of every log."""
    return Family(name, "gauge", (*LOG_LABELS, *labels), documentation)


def counter(name: str, documentation: str, *labels: str) -> Family:
    """Make a counter of every log."""
    return Family(name, "counter", (*LOG_LABELS, *labels), documentation)
