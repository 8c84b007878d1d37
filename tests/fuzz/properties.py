"""What must hold of every log, whatever stands in it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise

from caffewatch.alert.model import Alert
from caffewatch.alert.notification import Letter, alert_from_json, alert_to_json, bundle
from caffewatch.cli import terminal
from caffewatch.deliver import payload, slack
from caffewatch.deliver.site import Site
from caffewatch.deliver.wording import Wording
from caffewatch.export.collector import Collector, CollectorSettings
from caffewatch.export.exposition import exposition
from caffewatch.export.stats import ServiceStats
from caffewatch.log.parser import Parser
from caffewatch.monitor import Monitor
from caffewatch.report import as_json, as_text, explain_json, explain_text
from caffewatch.report.explain import explain
from caffewatch.report.explain_block import BlockReader
from caffewatch.report.styled import Line
from caffewatch.snapshot import Snapshot
from tests.log.samples import comparable
from tests.watched import ORIGIN, REFERENCE

MOST_SERIES = 500
SITE = Site("https://watch.example/")


@dataclass(frozen=True)
class Outcome:
    """All that must not depend on how a log was cut."""

    report: str
    edges: tuple[tuple[object, ...], ...]
    snapshot: str


def read(pieces: Sequence[bytes], copying: bool = False) -> tuple[Monitor, list[Alert]]:
    """Read a log in pieces; ``copying`` goes on with a saved copy of the monitor after each."""
    monitor = Monitor(ORIGIN, reference=REFERENCE)
    edges: list[Alert] = []
    for piece in pieces:
        edges += monitor.feed(piece, 1.0)
        edges += monitor.tick(1.0)
        if copying:
            monitor = pickle.loads(pickle.dumps(monitor))
    return monitor, edges + monitor.close(1.0)


def outcome(monitor: Monitor, edges: Sequence[Alert]) -> Outcome:
    """Sum up; of the notes of alerts only those that a later line cannot correct count."""
    told = tuple((x.fingerprint, x.state, x.severity, tuple(x.labels.items())) for x in edges)
    picture = repr(monitor.snapshot(blobs=True))
    return Outcome(json.dumps(as_json.report("x.log", monitor), allow_nan=False), told, picture)


def check(data: bytes, cuts: Sequence[int] = ()) -> None:
    """Check everything.

    Raises
    ------
    AssertionError
        A property does not hold.
    """
    monitor, edges = read([data])
    whole = outcome(monitor, edges)
    ends = sorted({*cuts, len(data)})
    pieces = [data[start:end] for start, end in pairwise([0, *ends])]

    assert monitor.parser.line == count_lines(data)
    assert 0 <= monitor.parser.unrecognised <= monitor.parser.line
    check_events(data, pieces)
    assert outcome(*read(pieces)) == whole
    assert outcome(*read(pieces, copying=True)) == whole
    check_texts(monitor)
    check_explanation(data)
    check_alerts(edges)
    check_series(monitor.snapshot(blobs=True))


def count_lines(data: bytes) -> int:
    """Count line ends, and an end without one that holds more than what is dropped anyway."""
    rest = data.rpartition(b"\n")[2]
    return data.count(b"\n") + bool(rest.replace(b"\0", b"").removesuffix(b"\r"))


def check_events(data: bytes, pieces: Sequence[bytes]) -> None:
    """Check the parser alone: same events from any cut, each of a line that was there."""
    whole, cut = Parser(REFERENCE), Parser(REFERENCE)
    events = whole.feed(data) + whole.close()
    again = [event for piece in pieces for event in cut.feed(piece)] + cut.close()

    assert comparable(again) == comparable(events)
    assert all(1 <= event.line <= whole.line for event in events)


def check_texts(monitor: Monitor) -> None:
    """Check reports: nothing in them can drive a terminal, and all can be encoded."""
    check_lines(as_text.report("x.log", monitor, age=1.0))
    json.dumps(as_json.report("x.log", monitor), ensure_ascii=False).encode()


def check_explanation(data: bytes) -> None:
    """Check what `explain` says of the block that it chooses."""
    reader = BlockReader(None, REFERENCE)
    reader.feed(data)
    picture = reader.close()
    if picture is not None:
        explanation = explain(picture)
        check_lines(explain_text.report("x.log", explanation))
        json.dumps(explain_json.report("x.log", explanation), allow_nan=False).encode()


def check_lines(lines: Iterable[Line]) -> None:
    """Check that no text can drive a terminal, and that all of it can be drawn on one."""
    shown = list(lines)
    text = terminal.drawn(shown, StringIO())

    assert all(line.plain.isprintable() for line in shown), text
    assert text.replace("\n", "").isprintable(), text
    text.encode()


def check_alerts(edges: Sequence[Alert]) -> None:
    """Check alerts: each fires, then may resolve; receivers can send them."""
    firing: set[str] = set()
    for alert in edges:
        known = alert.fingerprint in firing
        assert known == (alert.state == "resolved")
        (firing.discard if known else firing.add)(alert.fingerprint)
        assert alert_from_json(alert_to_json(alert)) == alert
        notification = bundle("hook", [Letter("hook", alert, 1.0, 1.0)])
        told = slack.message(Wording(), notification, SITE)
        for body in payload.payload(notification, SITE), told:
            json.dumps(body, ensure_ascii=False, allow_nan=False).encode()


def check_series(snapshot: Snapshot) -> None:
    """Check metrics: a bounded number of series, all of which can be written down."""
    settings = CollectorSettings("0", blobs=True, max_series_per_log=MOST_SERIES)
    collector = Collector(lambda: [snapshot], ServiceStats, settings)
    lines = exposition(collector)("")[1].decode().split("\n")

    assert sum('log="' in line for line in lines) <= MOST_SERIES + 1
