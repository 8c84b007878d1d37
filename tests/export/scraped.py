"""Scrapes of a daemon that holds still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from caffewatch.export.collector import Collector, CollectorSettings
from caffewatch.export.exposition import Exposition, exposition
from caffewatch.export.stats import ServiceStats
from caffewatch.snapshot import Snapshot

Labels = tuple[tuple[str, str], ...]


@dataclass
class Scraped:
    """A daemon that holds still: what it shows can be exchanged between scrapes."""

    snapshots: Sequence[Snapshot]
    stats: ServiceStats
    settings: CollectorSettings
    render: Exposition = field(init=False)

    def __post_init__(self) -> None:
        self.collector = Collector(lambda: self.snapshots, lambda: self.stats, self.settings)
        self.render = exposition(self.collector)

    def samples(self) -> list[Sample]:
        """Scrape once."""
        text = self.render("")[1].decode()
        return [x for family in text_string_to_metric_families(text) for x in family.samples]

    def values(self, name: str) -> dict[Labels, float]:
        """Scrape once for one family: labels beside training_job and log -> value."""
        return {
            tuple((k, v) for k, v in x.labels.items() if k not in {"training_job", "log"}): x.value
            for x in self.samples()
            if x.name == name
        }

    def value(self, name: str) -> float:
        """Scrape once for the only series of a family."""
        (value,) = self.values(name).values()
        return value
