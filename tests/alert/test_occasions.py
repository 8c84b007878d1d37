from __future__ import annotations

import gzip
from collections.abc import Collection
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.alert.model import Alert
from caffewatch.alert.occasions import TITLES, duration
from caffewatch.log.life import KINDS
from caffewatch.monitor import Monitor
from tests.logs import CaffeLog, healthy
from tests.watched import ORIGIN, REFERENCE

RUNS = Path(__file__).parents[1] / "data" / "runs"


def finetuned() -> CaffeLog:
    """Write a run that begins with the weights of another and does not say that it starts."""
    log = CaffeLog()
    log.set_up()
    log.say("Finetuning from /models/a.caffemodel", "caffe.cpp:155")
    for layer in ("fc8", "prob"):
        log.say(f"Ignoring source layer {layer}", "net.cpp:746")
    log.displays(range(0, 50, 10))
    return log


def notices(data: bytes, kinds: Collection[str] = tuple(TITLES), piece: int = 0) -> list[Alert]:
    """Read a log in pieces and return what is told of its events."""
    monitor = Monitor(ORIGIN, None, REFERENCE, events=kinds)
    size = piece or len(data)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    told = [alert for part in pieces for alert in monitor.feed(part, 5.0)]
    return [alert for alert in [*told, *monitor.close(9.0)] if alert.state == "event"]


def real(name: str) -> bytes:
    """Read a real log."""
    return gzip.decompress((RUNS / f"{name}.log.gz").read_bytes())


def told(data: bytes, kinds: Collection[str] = tuple(TITLES)) -> list[tuple[str, str]]:
    """Return kind and text of each event."""
    found = notices(data, kinds)
    return [(x.labels["event"], x.annotations["description"]) for x in found]


class TestRealRuns:
    def test_finished(self) -> None:
        """With iterations, how long it took, losses, and what the tests gave."""
        assert told(real("resume_ok")) == [
            ("resumed", "Training goes on from lenet_ok_iter_500.solverstate."),
            ("started", "Training of resume_ok starts with SGD, up to iteration 700."),
            (
                "finished",
                "Iterations 500 to 700 in 0 s. Loss: last 0.01782, best 0.01351 at iteration 670. "
                "Test: accuracy 0.9583, loss 0.1851.",
            ),
        ]

    def test_stopped(self) -> None:
        """Caffe says that it is done after that too, which is no second end."""
        assert [kind for kind, _ in told(real("early_stop_ok"))] == ["started", "stopped"]

    def test_a_crash_after_the_end(self) -> None:
        """It is told once, however many lines there are about it."""
        found = told(real("input_nan"))

        assert [kind for kind, _ in found] == ["started", "finished", "crashed"]
        assert found[2][1].startswith("Double free or corruption (out). Iterations 0 to 200 in ")
        assert "last nan, best 2.136 at iteration 16" in found[2][1]

    def test_a_crash_before_the_first_iteration(self) -> None:
        """There is nothing to sum up."""
        ((_, text),) = told(real("snapshot_dir_missing_crash"))

        assert text.endswith("writable. It ended before its first iteration in 0 s.")

    def test_two_runs(self) -> None:
        """Each has its own, in groups of their own."""
        found = notices(real("two_runs_appended"))

        assert [x.labels["event"] for x in found] == ["started", "finished"] * 2
        assert len({x.group for x in found}) == 2
        assert len({x.fingerprint for x in found}) == 4

    def test_learning_rate_and_what_blinds(self) -> None:
        """The other kinds, in their order."""
        assert told(real("r11_031_lr0"))[:3] == [
            (
                "blind",
                "No debug_info: set debug_info: true in the solver to see gradients by layer.",
            ),
            ("started", "Training of r11_031_lr0 starts with SGD, up to iteration 1200."),
            ("learning_rate", "It went from 0.01 to 0.001."),
        ]


class TestNotices:
    def test_form(self) -> None:
        """An event is over at once, and named apart from rules."""
        (finished,) = notices(real("resume_ok"), ["finished"])

        assert (finished.rule, finished.severity, finished.state) == (
            "run_finished", "info", "event",
        )  # fmt: skip
        assert finished.starts_at == finished.ends_at == 5.0
        assert finished.labels == {
            "team": "vision", "alertname": "run_finished", "event": "finished",
            "severity": "info", "host": "gpu-07", "training_job": "imagenet",
            "log": "/data/train.log", "run": finished.labels["run"],
        }  # fmt: skip
        assert finished.annotations["summary"] == "run finished of resume_ok at iteration 700"

    def test_only_what_is_asked_for(self) -> None:
        """Nothing unless somebody wants to hear of it."""
        assert notices(real("resume_ok"), ()) == []
        assert [kind for kind, _ in told(real("resume_ok"), ["resumed"])] == ["resumed"]

    @given(piece=st.integers(1, 4000))
    def test_does_not_depend_on_cuts(self, piece: int) -> None:
        """A restart reads the same bytes in other pieces."""
        data = finetuned().data

        assert [x.fingerprint for x in notices(data, piece=piece)] == [
            x.fingerprint for x in notices(data)
        ]

    def test_they_stand_among_the_alerts(self) -> None:
        """In the order of the log: what resolves because the run is over comes after its end."""
        monitor = Monitor(ORIGIN, None, REFERENCE, events=["finished"])

        edges = monitor.feed(real("r11_031_lr0"), 5.0)

        assert [(x.rule, x.state) for x in edges] == [
            ("learning_rate", "firing"),
            ("loss_plateau", "firing"),
            ("run_finished", "event"),
            ("learning_rate", "resolved"),
            ("loss_plateau", "resolved"),
        ]


class TestFinetuned:
    def test_with_the_layers_left_out(self) -> None:
        """Which are told in the lines behind it; so it waits, but no longer than for a display."""
        text = "Weights come from /models/a.caffemodel; left out: fc8 and prob."

        assert told(finetuned().data, ["finetuned"]) == [("finetuned", text)]


class TestManyEvents:
    def test_more_than_are_kept(self) -> None:
        """What falls out of the run's history was told before."""
        log = healthy()
        for number in range(700):
            log.snapshot(number)

        found = notices(log.data, ["snapshot"], piece=997)

        assert [x.annotations["description"] for x in found] == [
            f"Written: net_iter_{number}.caffemodel." for number in range(700)
        ]


class TestTitles:
    def test_every_kind_of_event_has_one(self) -> None:
        """Those that the history of a run knows."""
        assert tuple(TITLES) == KINDS


class TestDuration:
    @pytest.mark.parametrize(
        ("seconds", "expected"),
        [
            (-5.0, "0 s"), (45.2, "45 s"), (59.6, "1 min"), (754.0, "13 min"),
            (3599.0, "1 h 0 min"), (11_100.0, "3 h 5 min"), (187_500.0, "2 d 4 h"),
        ],
    )  # fmt: skip
    def test_words(self, seconds: float, expected: str) -> None:
        """Two figures are enough."""
        assert duration(seconds) == expected
