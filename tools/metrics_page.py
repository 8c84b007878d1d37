"""Write docs/metrics.md from the families themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from caffewatch.export.families import LOG_FAMILIES
from caffewatch.export.family import LOG_LABELS, Family
from caffewatch.export.service_families import SERVICE_FAMILIES

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"

_HEAD = """\
# The metrics

<!-- Written by `make docs` from caffewatch/export. Change the families, not this page. -->

What `/metrics` shows, as Prometheus text or OpenMetrics; [monitoring.md](monitoring.md) tells how
to scrape it, and has rules and dashboards. Values are those of the last look at the log, in base
units. What a log has not said yet has no series. Counters start at 0 with the process and count on
over several runs of a log. Beside these there are the usual `process_` figures of the process.

Every series of a log has the labels `training_job` (the job's name in the configuration) and `log`
(the path that is followed, whatever file is behind it). They leave once the log has been silent for
`metrics.retire_after`.
"""


def page() -> str:
    """Return the page."""
    training = [x for x in LOG_FAMILIES if x.name.startswith("caffe_")]
    watching = [x for x in LOG_FAMILIES if x not in training]
    parts = [
        _HEAD,
        *_section("Of a training", training),
        *_section("Of how a log is watched", watching),
        *_section("Of caffewatch itself", SERVICE_FAMILIES),
    ]
    return "\n".join(parts)


def _section(title: str, families: Sequence[Family]) -> Iterator[str]:
    yield f"## {title}\n"
    yield from map(entry, families)


def entry(family: Family) -> str:
    """Return one family's part of the page."""
    own = [label for label in family.labels if label not in LOG_LABELS]
    labels = f" · labels {', '.join(f'`{label}`' for label in own)}" if own else ""
    return f"### {family.name}\n\n{family.kind}{labels}\n\n{family.documentation}\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
