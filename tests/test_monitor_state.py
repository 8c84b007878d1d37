"""A monitor can be saved at any moment, and its copy goes on exactly as it would have."""

from __future__ import annotations

import pickle
from functools import lru_cache
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caffewatch.alert.model import Alert
from caffewatch.monitor import Monitor
from caffewatch.report.as_json import report
from tests.log.samples import LABELS, real_log
from tests.logs import CaffeLog, relu
from tests.watched import ORIGIN, REFERENCE, tuned

NEEDED = {
    ("builtins", "slice"),
    ("collections", "Counter"),
    ("collections", "deque"),
    ("operator", "itemgetter"),
}
"""All that a saved state needs beside this package's own classes: nothing that could do harm."""

log_bytes = lru_cache(real_log)


class Recorder(pickle.Unpickler):
    """Note what a saved state asks for."""

    def __init__(self, state: bytes) -> None:
        super().__init__(BytesIO(state))
        self.asked: set[tuple[str, str]] = set()

    def find_class(self, module: str, name: str) -> Any:
        """Find it, and note it."""
        self.asked.add((module, name))
        return super().find_class(module, name)


def saved(monitor: Monitor) -> Monitor:
    """Save a monitor and read it back."""
    copy = pickle.loads(pickle.dumps(monitor))
    assert isinstance(copy, Monitor)
    return copy


def seen(monitor: Monitor) -> tuple[object, ...]:
    """Return all that can be seen of a monitor; nan is equal to nan in text."""
    pictures = report("x", monitor), monitor.snapshot(blobs=True)
    return (*map(repr, pictures), monitor.alerts, monitor.parser.time, monitor.parser.run_offset)


def advance(monitor: Monitor, piece: bytes, now: float, wait: float) -> list[Alert]:
    """Feed a piece, then let so many seconds pass."""
    return monitor.feed(piece, now) + monitor.tick(now + wait)


@st.composite
def cuts_of(draw: st.DrawFn, data: bytes) -> list[int]:
    """Draw where a log is cut: anywhere, and with its begin and end."""
    inner = draw(st.lists(st.integers(0, len(data)), min_size=1, max_size=5))
    return sorted({0, *inner, len(data)})


@pytest.mark.parametrize("name", sorted(LABELS))
class TestCopies:
    @settings(max_examples=4)
    @given(draw=st.data())
    def test_go_on_as_the_original_does(self, name: str, draw: st.DataObject) -> None:
        """Same alerts at the same time, same report, same picture, however often it is saved."""
        data = log_bytes(name)
        cuts = draw.draw(cuts_of(data))
        wait = draw.draw(st.sampled_from([0.0, 1e5]))
        original = copy = Monitor(ORIGIN, reference=REFERENCE)

        for now, (start, end) in enumerate(pairwise(cuts)):
            copy = saved(copy)
            told = advance(copy, data[start:end], now, wait)

            assert told == advance(original, data[start:end], now, wait)
            assert seen(copy) == seen(original)
        assert saved(copy).close(9.0) == original.close(9.0)

    def test_need_nothing_but_this_package(self, name: str) -> None:
        """A reader may refuse everything else."""
        monitor = Monitor(ORIGIN, reference=REFERENCE)
        monitor.feed(log_bytes(name)[:-100], 0.0)
        recorder = Recorder(pickle.dumps(monitor))

        recorder.load()

        foreign = {x for x in recorder.asked if not x[0].startswith("caffewatch.")}
        assert foreign <= NEEDED


class TestState:
    def test_in_the_midst_of_everything(self) -> None:
        """Cut all over a short log with a test, a snapshot, a nan and two runs."""
        log = CaffeLog.started(display=1)
        log.test(0)
        log.display(0)
        log.snapshot(10)
        log.display(20, {"ip1": "nan"})
        log.raw("foreign")
        log.set_up()
        log.display(0)
        data = log.data

        for cut in range(0, len(data), 101):
            monitor = Monitor(ORIGIN, reference=REFERENCE)
            monitor.feed(data[:cut], 0.0)
            copy = saved(monitor)
            assert copy.feed(data[cut:], 0.0) == monitor.feed(data[cut:], 0.0)
            assert seen(copy) == seen(monitor)

    def test_what_fires_resolves_in_the_copy(self) -> None:
        """An alert's second edge comes from the finding that the copy holds."""
        monitor = Monitor(ORIGIN)
        log = CaffeLog.started()
        log.display(0, {"ip1": "nan"})
        (fired,) = monitor.feed(log.data, 1.0)
        well = CaffeLog()
        well.displays(range(10, 100, 10))

        (ended,) = saved(monitor).feed(well.data, 2.0)

        assert (ended.fingerprint, ended.state) == (fired.fingerprint, "resolved")

    def test_settings_come_along(self) -> None:
        """Thresholds of a job and of its layers."""
        rules = tuned("dead_activation", "relu*", passes=1)
        log = CaffeLog.started((*CaffeLog().layers[:-1], relu("relu9", "score")))
        log.display(0)
        more = CaffeLog(log.layers)
        more.display(10, {"relu9": 0})
        monitor = Monitor(ORIGIN, rules)
        monitor.feed(log.data, 0.0)

        told = saved(monitor).feed(more.data, 1.0)

        assert [alert.rule for alert in told] == ["dead_activation"]
