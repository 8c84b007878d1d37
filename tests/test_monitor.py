from __future__ import annotations

from caffewatch.monitor import Monitor
from caffewatch.report.as_json import report
from tests.logs import CaffeLog
from tests.watched import ORIGIN

NAN = {"ip1": "nan"}


def finished() -> CaffeLog:
    """Write a short run with a test, a snapshot and a good end."""
    log = CaffeLog.started(max_iter=50)
    log.test(0)
    log.displays(range(0, 60, 10))
    log.snapshot(50)
    log.done()
    return log


def later(data: bytes) -> bytes:
    """Write the same run an hour later."""
    return data.replace(b"I1123 07:", b"I1123 08:").replace(b"E1123 07:", b"E1123 08:")


class TestFeed:
    def test_a_block_counts_before_its_iteration_line_comes(self) -> None:
        """People must not wait for a line that a buffer holds back."""
        log = CaffeLog.started()
        log.displays(range(0, 50, 10))
        log.block(NAN)
        monitor = Monitor(ORIGIN)

        (alert,) = monitor.feed(log.data, 1.0)

        assert alert.annotations["iteration"] == "50"
        assert alert.annotations["iteration_estimated"] == "true"

    def test_the_report_corrects_an_estimate(self) -> None:
        """The line that came later has the last word."""
        log = CaffeLog.started()
        log.displays(range(0, 50, 10))
        log.block(NAN)
        monitor = Monitor(ORIGIN)
        monitor.feed(log.data, 1.0)
        before = report("x", monitor)["runs"][0]["findings"][0]
        more = CaffeLog()
        more.iteration(47)

        monitor.feed(more.data, 2.0)

        after = report("x", monitor)["runs"][0]["findings"][0]
        assert (before["iteration"], before["iteration_estimated"]) == (50, True)
        assert (after["iteration"], after["iteration_estimated"]) == (47, False)
        assert after["message"].startswith("At iteration 47 ")

    def test_an_alert_has_the_iteration_that_the_same_read_tells(self) -> None:
        """Even one that is over by then; how the read was cut decides about nothing else."""
        log = CaffeLog.started(display=20)
        log.display(0)
        log.display(10, NAN)
        log.displays(range(20, 100, 10))
        at = log.data.index(b"Iteration 10 ")
        cut, whole = Monitor(ORIGIN), Monitor(ORIGIN)

        fired, ended = whole.feed(log.data, 1.0)
        early, late = cut.feed(log.data[:at], 1.0) + cut.feed(log.data[at:], 1.0)

        assert (fired.annotations["iteration"], early.annotations["iteration"]) == ("10", "20")
        assert "iteration_estimated" not in fired.annotations
        assert (early.fingerprint, early.labels) == (fired.fingerprint, fired.labels)
        assert late == ended

    def test_an_empty_log(self) -> None:
        """There is nothing to say of it."""
        monitor = Monitor()

        assert monitor.feed(b"", 1.0) == monitor.close(1.0) == []
        assert monitor.snapshot().run is None
        assert report("x", monitor)["runs"] == []

    def test_foreign_text_before_the_first_run(self) -> None:
        """A shell may say what it starts; it counts as not understood."""
        monitor = Monitor()
        monitor.feed(b"starting on gpu-07\n" + finished().data, 1.0)

        assert len(monitor.runs) == 1
        assert monitor.snapshot().unrecognised_lines == 1

    def test_a_line_without_its_end(self) -> None:
        """It counts when it is flushed, not before."""
        monitor = Monitor()
        log = CaffeLog.started()
        log.say("Iteration 10, loss = nan")
        monitor.feed(log.data[:-1], 1.0)
        assert monitor.snapshot().findings == {}

        edges = monitor.flush(2.0)

        assert [alert.rule for alert in edges] == ["non_finite"]

    def test_closing_judges_what_was_cut_off(self) -> None:
        """The last block of a killed job."""
        monitor = Monitor()
        log = CaffeLog.started()
        log.forward(NAN, lines=6)

        assert monitor.feed(log.data, 1.0) == []
        assert [alert.rule for alert in monitor.close(2.0)] == ["non_finite"]

    def test_time_alone_changes_nothing_yet(self) -> None:
        """No rule of today watches for silence."""
        monitor = Monitor()
        monitor.feed(finished().data, 1.0)

        assert monitor.tick(1e9) == []


class TestRuns:
    def test_are_kept_apart(self) -> None:
        """Each with its own findings."""
        log = CaffeLog.started()
        log.displays((0, 10), NAN)
        monitor = Monitor()

        monitor.feed(log.data + later(finished().data), 1.0)

        assert [len(record.findings) for record in monitor.runs] == [1, 0]
        assert [record.run.ordinal for record in monitor.runs] == [1, 2]

    def test_old_ones_may_be_forgotten(self) -> None:
        """A daemon needs only the last few."""
        monitor = Monitor(keep=2)
        data = finished().data
        for hour in range(8, 15):
            monitor.feed(data.replace(b"1123 07:", b"1123 %02d:" % hour), 1.0)

        assert [record.run.ordinal for record in monitor.runs] == [6, 7]

    def test_a_log_that_went_on_elsewhere(self) -> None:
        """A successor file resolves what fires; before any run there is nothing."""
        monitor = Monitor()
        log = CaffeLog.started()
        log.display(0, NAN)
        assert monitor.supersede(0.0) == []
        monitor.feed(log.data, 1.0)

        edges = monitor.supersede(2.0)

        assert [(alert.state, alert.ends_at) for alert in edges] == [("resolved", 2.0)]


class TestKnown:
    def test_an_alert_told_before_keeps_its_beginning(self) -> None:
        """A restart reads the same bytes again."""
        log = CaffeLog.started()
        log.display(0, NAN)
        (told,) = Monitor(ORIGIN).feed(log.data, 100.0)

        (again,) = Monitor(ORIGIN, known={told.fingerprint: 100.0}).feed(log.data, 900.0)

        assert again == told


class TestCounts:
    def test_findings_are_counted_since_the_process_began(self) -> None:
        """By rule; an end is no finding."""
        monitor = Monitor()
        log = CaffeLog.started()
        for start in (0, 100):
            log.display(start, NAN)
            log.displays(range(start + 10, start + 100, 10))
        monitor.feed(log.data, 1.0)

        assert monitor.snapshot().findings == {"non_finite": 2}
        assert monitor.snapshot().firing == {}

    def test_bytes_and_lines(self) -> None:
        """Everything that was fed."""
        monitor = Monitor(ORIGIN)
        data = finished().data
        monitor.feed(data + b"half a li", 7.5)

        picture = monitor.snapshot()

        assert (picture.bytes, picture.lines) == (len(data) + 9, data.count(b"\n"))
        assert (picture.job, picture.log) == ("imagenet", "/data/train.log")
        assert picture.last_data_at == 7.5
