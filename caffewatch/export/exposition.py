"""A scrape's answer in the format that the scraper asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric

from caffewatch.export.collector import Collector
from caffewatch.export.families import LOG_FAMILIES
from caffewatch.export.family import Family

Exposition = Callable[[str], tuple[str, bytes]]
"""From the Accept header of a scrape to (content type, body)."""
Encoder = Callable[..., bytes]
_END = b"# EOF\n"
"""The last line of an OpenMetrics answer."""


class _Only(NamedTuple):
    """A registry of one family without series."""

    family: Family

    def collect(self) -> Iterator[Metric]:
        return iter((self.family.metric(),))


def exposition(collector: Collector) -> Exposition:
    """Answer scrapes: every log's series, the daemon's own, and the usual ones of its process.

    Returns
    -------
    Exposition
        Renders Prometheus text, or OpenMetrics for a scraper that prefers it.
    """
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)
    headings: dict[str, dict[Family, bytes]] = {}

    def render(accept: str) -> tuple[str, bytes]:
        encode, content_type = _encoder(accept)
        kind = content_type.partition(";")[0]
        if kind not in headings:
            headings[kind] = {x: encode(_Only(x)).removesuffix(_END) for x in LOG_FAMILIES}
        lines = collector.logs()
        parts = []
        for family in LOG_FAMILIES:  # taken out one by one, so that no answer is in memory thrice
            parts += [headings[kind][family], "".join(lines.pop(family)).encode()]
        return content_type, b"".join([*parts, encode(registry)])

    return render


def _encoder(accept: str) -> tuple[Encoder, str]:
    try:
        return choose_encoder(accept)
    except TypeError:  # the library cannot order a version that is no number
        return choose_encoder("")
