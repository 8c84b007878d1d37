"""The same bytes give the same findings and alerts, however they were cut into reads."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caffewatch.alert.model import Alert
from caffewatch.monitor import Monitor
from caffewatch.report.as_json import report
from tests.log.samples import LABELS, real_log
from tests.watched import ORIGIN, REFERENCE

ENDS = {"unix": b"\n", "windows": b"\r\n"}


@lru_cache
def log_of(name: str, end: str) -> bytes:
    """Return a real log with names in UTF-8 and these line ends."""
    log = real_log(name).replace(b"ip1", "\u5c421".encode()).replace(b"conv1", "\u5c421".encode())
    return log.replace(b"\n", ENDS[end])


def seen(data: bytes, cuts: list[int]) -> tuple[object, ...]:
    """Read a log cut at these bytes; return all that must not depend on them."""
    monitor = Monitor(ORIGIN, reference=REFERENCE)
    edges: list[Alert] = []
    for start, stop in pairwise([0, *sorted(cuts), len(data)]):
        edges += monitor.feed(data[start:stop], 1.0)
    edges += monitor.close(1.0)
    told = [(x.fingerprint, x.state, x.severity, x.labels) for x in edges]
    return repr(report("x", monitor)), repr(monitor.snapshot(blobs=True)), told


@lru_cache
def whole(name: str, end: str) -> tuple[object, ...]:
    """Read a log at once."""
    return seen(log_of(name, end), [])


@st.composite
def cuts_of(draw: st.DrawFn, data: bytes) -> list[int]:
    """Draw cuts: anywhere, between CR and LF, and within characters of several bytes."""
    anywhere = draw(st.lists(st.integers(0, len(data)), max_size=20))
    near = [data.find(mark, at) + 1 for at in anywhere for mark in (b"\r\n", "\u5c42".encode())]
    return [*anywhere, *near]


class TestCuts:
    @pytest.mark.parametrize("end", ENDS)
    @pytest.mark.parametrize("name", sorted(LABELS))
    @settings(max_examples=3)
    @given(draw=st.data())
    def test_any(self, name: str, end: str, draw: st.DataObject) -> None:
        """Over all real logs."""
        data = log_of(name, end)

        assert seen(data, draw.draw(cuts_of(data))) == whole(name, end)

    @pytest.mark.parametrize("end", ENDS)
    def test_between_all_bytes(self, end: str) -> None:
        """Of the begin of a real log with a nan."""
        data = log_of("r11_000_log_nan", end)[:40_000]

        assert seen(data, list(range(1, len(data)))) == seen(data, [])
