from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.alert.model import Alert, Origin
from caffewatch.monitor import Monitor
from tests.logs import CaffeLog, Layer, healthy, inner_product
from tests.watched import ORIGIN, alerts, edges

NAN = {"ip1": "nan"}


def nan_log() -> CaffeLog:
    """Write a nan that comes and goes, twice."""
    log = healthy()
    for start in (50, 150):
        log.display(start, NAN)
        log.displays(range(start + 10, start + 100, 10))
    return log


def told(data: bytes, piece: int, origin: Origin = ORIGIN) -> list[Alert]:
    """Read a log in pieces and return every edge."""
    monitor = Monitor(origin)
    pieces = [data[at : at + piece] for at in range(0, len(data), piece)]
    return [alert for part in pieces for alert in monitor.feed(part, 5.0)]


class TestIdentity:
    DATA = nan_log().data
    WHOLE = told(DATA, len(DATA))

    @given(piece=st.integers(1, 5000))
    def test_does_not_depend_on_cuts(self, piece: int) -> None:
        """A restart reads the same bytes in other pieces."""
        edges = told(self.DATA, piece)

        assert [(x.fingerprint, x.state, x.labels) for x in edges] == [
            (x.fingerprint, x.state, x.labels) for x in self.WHOLE
        ]

    def test_tells_episodes_apart(self) -> None:
        """Both edges of an episode share it."""
        prints = [alert.fingerprint for alert in self.WHOLE]

        assert prints[0] == prints[1] != prints[2] == prints[3]

    @pytest.mark.parametrize(
        "origin",
        [
            Origin("gpu-08", "imagenet", "/data/train.log", {}),
            Origin("gpu-07", "cifar", "/data/train.log", {}),
            Origin("gpu-07", "imagenet", "/data/other.log", {}),
        ],
    )
    def test_tells_hosts_jobs_and_logs_apart(self, origin: Origin) -> None:
        """The same bytes elsewhere are another alert."""
        other = told(self.DATA, 4096, origin)

        assert other[0].fingerprint != self.WHOLE[0].fingerprint
        assert other[0].group != self.WHOLE[0].group

    def test_tells_runs_apart(self) -> None:
        """The stamp of the first line is the run's."""
        later = self.DATA.replace(b"I1123 07:", b"I1123 08:").replace(b"E1123 07:", b"E1123 08:")

        both = told(self.DATA + later, 4096)

        assert len({alert.group for alert in both}) == 2

    def test_own_labels_do_not_count(self) -> None:
        """A label may be edited while an alert fires."""
        other = told(self.DATA, 4096, Origin("gpu-07", "imagenet", "/data/train.log", {"a": "b"}))

        assert [x.fingerprint for x in other] == [x.fingerprint for x in self.WHOLE]


class TestEdges:
    def test_both_come_in_order_within_one_read(self) -> None:
        """An episode that came and went is told with both its edges."""
        states = [alert.state for alert in told(nan_log().data, 10**6)]

        assert states == ["firing", "resolved", "firing", "resolved"]

    def test_a_new_run_resolves_what_fires(self) -> None:
        """Before anything of the new run is told."""
        log = healthy()
        log.display(50, NAN)
        log.set_up()
        log.display(0, NAN)

        assert edges(log) == [
            (50, "non_finite", "firing"), (-1, "non_finite", "resolved"),
            (0, "non_finite", "firing"),
        ]  # fmt: skip

    def test_a_run_that_finishes_well_resolves_warnings(self) -> None:
        """A warning that did no harm is over."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"relu1": 0})
        log.done()
        log.end_chunk(60)

        assert edges(log)[1:] == [(60, "dead_activation", "resolved")]

    def test_a_critical_fault_is_no_good_end(self) -> None:
        """A net of nan is not well because its training is over."""
        log = healthy()
        log.display(50, NAN)
        log.done()
        log.end_chunk(60)

        assert edges(log) == [(50, "non_finite", "firing")]

    def test_a_crash_is_no_good_end(self) -> None:
        """Warnings stay with it."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"relu1": 0})
        log.fatal()
        log.end_chunk(60)

        assert edges(log)[1:] == [(60, "crash", "firing")]

    def test_says_why_it_is_over(self) -> None:
        """A nan that a restart of the training ends has not been cured."""
        cured, restarted, finished = nan_log(), healthy(), healthy(1)
        restarted.display(50, NAN)
        restarted.set_up()
        finished.displays(range(10, 60, 10), {"relu1": 0})
        finished.done()
        finished.end_chunk(60)

        firing, over = alerts(cured)[:2]

        assert "resolution" not in firing.annotations
        assert over.annotations["resolution"] == "the condition is over"
        assert [alerts(log)[-1].annotations["resolution"] for log in (restarted, finished)] == [
            "a new run began in this log", "the run finished well"
        ]  # fmt: skip

    def test_times_are_wall_times(self) -> None:
        """The log's own time is an annotation."""
        first, second = alerts(nan_log())[:2]

        assert (first.starts_at, first.ends_at) == (50, None)
        assert (second.starts_at, second.ends_at) == (50, 90)
        assert first.annotations["log_time"].startswith("2026-11-23T07:14:4")

    def test_counts_what_fires(self) -> None:
        """Metrics show each rule and severity."""
        monitor = Monitor(ORIGIN)
        log = healthy(1)
        log.displays(range(10, 60, 10), {"relu1": 0})
        log.display(60, NAN)
        monitor.feed(log.data, 0.0)

        assert monitor.snapshot().firing == {
            ("dead_activation", "warning"): 1, ("non_finite", "critical"): 1,
        }  # fmt: skip


class TestLabels:
    def test_name_the_alert(self) -> None:
        """Alertmanager routes and groups by them."""
        log = healthy()
        log.display(50, NAN)
        (alert,) = alerts(log)

        run = alert.labels["run"]

        assert len(run) == 16
        assert alert.labels == {
            "alertname": "non_finite", "severity": "critical", "host": "gpu-07",
            "training_job": "imagenet", "log": "/data/train.log", "run": run, "layer": "ip1",
            "blob": "ip1", "phase": "forward", "team": "vision",
        }  # fmt: skip

    def test_what_does_not_apply_is_left_out(self) -> None:
        """A crash has no layer."""
        log = healthy()
        log.fatal()
        log.end_chunk(50)
        (alert,) = alerts(log)

        assert not {"layer", "blob", "phase"} & alert.labels.keys()

    def test_own_labels_cannot_hide_the_alert(self) -> None:
        """A job that is labelled ``severity`` keeps the alert's."""
        origin = Origin("h", "j", "l", {"severity": "none", "alertname": "x"})
        edges = told(nan_log().data, 4096, origin)

        assert edges[0].labels["severity"] == "critical"
        assert edges[0].labels["alertname"] == "non_finite"

    def test_are_frozen_at_firing(self) -> None:
        """A resolved edge with other labels would be another alert."""
        log = healthy(1)
        log.displays(range(10, 60, 10), {"relu2": 0})
        log.displays(range(60, 120, 10), {"relu1": 0})
        log.displays(range(120, 180, 10))

        first, second = alerts(log)

        assert first.labels == second.labels
        assert second.annotations["advice"] == first.annotations["advice"]

    @pytest.mark.parametrize(
        "name", ["<!channel>", "{iteration}", "a\x1b[31m", 'x" y', "наука", "{0.__class__}", "%s"]
    )
    def test_hostile_names_are_only_text(self, name: str) -> None:
        """What a log says is quoted, never obeyed; receivers escape it."""
        layers = (Layer("data", "Input", (), ("data",)), inner_product(name, "data"))
        log = CaffeLog.started(layers)
        log.display(0, {name: "nan"})
        (alert,) = alerts(log)

        assert alert.labels["layer"] == name
        assert all(alert.annotations.values())


class TestAnnotations:
    def test_explain_the_alert(self) -> None:
        """Every value is text, and there is none that is empty."""
        log = healthy()
        log.snapshot(35)
        log.block(NAN)
        log.end_chunk(50)
        (alert,) = alerts(log)

        notes = alert.annotations

        assert notes["summary"] == "nan or inf in layer ip1 of mlp at iteration 50 (estimated)"
        assert (notes["iteration"], notes["iteration_estimated"]) == ("50", "true")
        assert (notes["value"], notes["net"]) == ("nan", "mlp")
        assert notes["snapshot"] == "net_iter_35.caffemodel"
        assert notes["evidence"].endswith("×")
        assert "Stop the job" in notes["advice"]
        assert "consequences" not in notes

    def test_an_estimate_is_corrected_when_the_line_comes(self) -> None:
        """A block may be the last display of a run, off the rhythm."""
        log = healthy()
        log.block(NAN)
        log.end_chunk(47)
        log.iteration(47)
        log.displays(range(57, 157, 10))

        first, second = alerts(log)

        assert first.annotations["iteration_estimated"] == "true"
        assert second.annotations["iteration"] == "47"
        assert second.annotations["summary"].endswith("at iteration 47")

    def test_an_unknown_iteration_is_left_out(self) -> None:
        """A log that begins in the middle has no numbers yet."""
        log = CaffeLog()
        log.block(NAN)
        log.end_chunk(0)
        (alert,) = alerts(log)

        assert "iteration" not in alert.annotations
        assert alert.annotations["summary"] == "nan or inf in layer ip1"
