"""A scrape's answer in the format that the scraper asks for."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder

from caffewatch.export.collector import Collector

Exposition = Callable[[str], tuple[str, bytes]]
"""From the Accept header of a scrape to (content type, body)."""


def exposition(collector: Collector) -> Exposition:
    """Give a collector its own registry, beside the usual figures of the process.

    Returns
    -------
    Exposition
        Renders Prometheus text, or OpenMetrics for a scraper that prefers it.
    """
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)

    def render(accept: str) -> tuple[str, bytes]:
        try:
            encode, content_type = choose_encoder(accept)
        except TypeError:  # the library cannot order a version that is no number
            encode, content_type = choose_encoder("")
        return content_type, encode(registry)

    return render
