from __future__ import annotations

import pytest

from caffewatch.detect.snapshots import Verdict, judge
from tests.logs import CaffeLog
from tests.watched import watch


def verdict(log: CaffeLog) -> Verdict:
    """Judge the snapshots of the last run of a log."""
    record = watch(log).runs[-1]
    first = next((f for f in record.findings if f.rule == "non_finite"), None)
    return judge(record.run, first)


def advice(log: CaffeLog) -> str:
    """Return the advice on the nan of a log."""
    return "\n".join(watch(log).runs[-1].findings[0].advice)


def log_with_snapshots(bad: dict[str, str], loss: str = "nan") -> CaffeLog:
    """Write displays every 10 and snapshots every 5 iterations; iteration 30 is bad."""
    log = CaffeLog.started()
    for number in (0, 10, 20, 30, 40):
        log.display(number, bad if number >= 30 else None, loss if number >= 30 else 2.0)
        log.snapshot(number + 5)
    return log


class TestJudge:
    def test_a_run_without_a_nan_is_clean(self) -> None:
        """The newest snapshot is the one to go on from."""
        log = CaffeLog.started()
        log.display(0)
        path = log.snapshot(5)

        assert verdict(log) == Verdict(path, path, ())

    def test_a_run_without_snapshots(self) -> None:
        """There is nothing to name."""
        assert verdict(CaffeLog.started()) == Verdict(None, None, ())

    def test_bad_weights_leave_the_interval_before_in_doubt(self) -> None:
        """Only a pass with finite weights proves a snapshot clean."""
        log = log_with_snapshots({"ip1": "nan", "ip1.0": "nan"})

        last, clean, poisoned = verdict(log)

        assert (last, clean) == ("net_iter_45.caffemodel", "net_iter_15.caffemodel")
        assert poisoned == (
            "net_iter_25.caffemodel", "net_iter_35.caffemodel", "net_iter_45.caffemodel",
        )  # fmt: skip

    def test_a_nan_that_arose_here_leaves_the_weights_of_its_pass_clean(self) -> None:
        """The weights computed what came before the nan."""
        log = log_with_snapshots({"data": "nan", "ip1": "nan"})

        assert verdict(log).last_clean == "net_iter_25.caffemodel"

    @pytest.mark.parametrize(
        ("bad", "clean"), [({"ip1": "nan"}, 30), ({"ip1": "nan", "ip1.0": "nan"}, 20)]
    )
    def test_a_snapshot_at_a_display_holds_the_weights_of_its_pass(
        self, bad: dict[str, str], clean: int
    ) -> None:
        """It is written before that pass, and proved by it."""
        log = CaffeLog.started()
        for number in (0, 10, 20, 30, 40):
            log.snapshot(number)
            log.display(number, bad if number >= 30 else None)

        assert verdict(log).last_clean == f"net_iter_{clean}.caffemodel"

    def test_weights_bad_elsewhere_in_that_pass_are_no_proof(self) -> None:
        """A bad input seen again may have poisoned the weights before the display."""
        log = log_with_snapshots({"data": "nan", "ip1": "nan", "ip2.0": "nan"})

        assert verdict(log).last_clean == "net_iter_15.caffemodel"

    def test_a_nan_at_the_first_display_leaves_none_clean(self) -> None:
        """No pass has proved anything before it."""
        log = CaffeLog.started()
        log.display(0, {"ip1": "nan", "ip1.0": "nan"}, "nan")
        log.snapshot(5)

        assert verdict(log) == Verdict("net_iter_5.caffemodel", None, ("net_iter_5.caffemodel",))

    def test_a_path_without_an_iteration_goes_by_its_line(self) -> None:
        """Names that Caffe did not make say nothing of when."""
        log = CaffeLog.started()
        log.displays((0, 10))
        log.say("Snapshotting to early.caffemodel")
        log.display(20, {"ip1": "nan", "ip1.0": "nan"})
        log.say("Snapshotting to late.caffemodel")

        assert verdict(log) == Verdict("late.caffemodel", "early.caffemodel", ("late.caffemodel",))


class TestAdvice:
    def test_names_the_snapshot_to_resume_from(self) -> None:
        """The last clean one, known when it fired."""
        log = log_with_snapshots({"ip1": "nan", "ip1.0": "nan"})

        assert "Resume from net_iter_15.caffemodel" in advice(log)
        assert "Do not use net_iter_25.caffemodel" in advice(log)

    def test_names_what_the_run_was_started_from(self) -> None:
        """A resumed run has a snapshot of the run before."""
        log = CaffeLog.started()
        log.say("Resuming from net_iter_500.solverstate", "caffe.cpp:235")
        log.display(500, {"ip1": "nan", "ip1.0": "nan"}, "nan")

        assert "start again from net_iter_500.solverstate" in advice(log)

    def test_says_where_there_is_none(self) -> None:
        """Nothing to resume from is worth saying too."""
        log = CaffeLog.started()
        log.display(0, {"ip1": "nan", "ip1.0": "nan"}, "nan")

        assert "No snapshot of this run is clean: start again." in advice(log)
