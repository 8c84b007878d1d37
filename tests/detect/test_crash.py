from __future__ import annotations

import pytest

from tests.logs import CaffeLog, healthy
from tests.watched import found, only, tuned, watch

RULE = "crash"
OUT_OF_MEMORY = "Check failed: error == cudaSuccess (2 vs. 0) out of memory"


class TestCrash:
    def test_quotes_the_fatal_line(self) -> None:
        """The reason stands in the message, the iteration beside it."""
        log = healthy()
        log.fatal(OUT_OF_MEMORY)

        finding = only(log, RULE)

        assert (finding.iteration, finding.place.previous_iteration) == (40, 30)
        assert finding.message == f"The job crashed after iteration 40: {OUT_OF_MEMORY}"
        assert finding.severity == "critical"
        assert log.text.splitlines()[finding.place.line - 1].endswith(OUT_OF_MEMORY)

    def test_before_the_first_iteration(self) -> None:
        """There is no iteration to name."""
        log = CaffeLog.started()
        log.fatal("Cannot write to snapshot prefix '/x'.")

        finding = only(log, RULE)

        assert finding.iteration is None
        assert finding.message.startswith("The job crashed, before the first iteration: Cannot")
        assert "snapshot_prefix" in finding.advice[0]

    def test_without_a_loss(self) -> None:
        """A solver of one's own shows its rate alone: there were iterations."""
        log = CaffeLog.started()
        log.say("Iteration 50, lr = 0.01", "sgd_solver.cpp:105")
        log.fatal(OUT_OF_MEMORY)

        assert only(log, RULE).message == f"The job crashed: {OUT_OF_MEMORY}"

    def test_is_told_once(self) -> None:
        """The lines behind the first proof say the same again."""
        log = healthy()
        log.fatal()
        log.signal("SIGABRT")
        log.raw("Aborted (core dumped)")

        assert len(found(log, RULE)) == 1

    @pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGBUS"])
    def test_a_signal(self, name: str) -> None:
        """A trace proves the death of the process."""
        log = healthy()
        log.signal(name)

        assert f"after iteration 40: *** {name} (@0x3039)" in only(log, RULE).message
        assert only(log, RULE).severity == "critical"

    def test_an_end_from_outside_is_a_warning(self) -> None:
        """SIGTERM is what schedulers and docker stop send."""
        log = healthy()
        log.signal("SIGTERM")

        finding = only(log, RULE)

        assert finding.severity == "warning"
        assert finding.message == ("After iteration 40 the job was ended from outside (SIGTERM).")

    def test_an_end_by_a_scheduler(self) -> None:
        """It says why."""
        log = healthy()
        log.raw("=>> PBS: job killed: walltime 86412 exceeded limit 86400")

        finding = only(log, RULE)

        assert finding.severity == "warning"
        assert finding.message.endswith("walltime 86412 exceeded limit 86400).")

    def test_what_was_another_programs(self) -> None:
        """Training that goes on takes it back, and may crash later."""
        log = healthy()
        log.raw("./plot.sh: line 3:  4242 Killed                  python plot.py")
        log.displays(range(50, 90, 10))

        assert [x.state for x in found(log, RULE)] == ["resolved"]

        log.fatal(OUT_OF_MEMORY)

        assert [x.state for x in found(log, RULE)] == ["resolved", "firing"]

    def test_severities_are_set_apart(self) -> None:
        """A crash and an end from outside each have their own."""
        rules = tuned(RULE, severity="warning", terminated="info")
        crashed, ended = healthy(), healthy()
        crashed.fatal()
        ended.signal("SIGTERM")

        assert [only(x, RULE, rules).severity for x in (crashed, ended)] == ["warning", "info"]


class TestSilence:
    def test_a_good_end(self) -> None:
        """Finished is not crashed."""
        log = healthy()
        log.done()

        assert found(log, RULE) == []

    def test_a_shell_behind_the_end(self) -> None:
        """What it terminates then is no training."""
        log = healthy()
        log.done()
        log.raw("Terminated")

        assert found(log, RULE) == []

    def test_an_early_stop(self) -> None:
        """SIGINT is somebody's wish."""
        log = healthy()
        log.say("Optimization stopped early.")
        log.done()

        assert found(log, RULE) == []
        assert watch(log).runs[0].run.outcome == "stopped"

    def test_a_log_that_just_ends(self) -> None:
        """Still running, or killed without a word: nobody knows."""
        assert found(healthy(), RULE) == []


class TestAdvice:
    @pytest.mark.parametrize(
        ("reason", "advice"),
        [
            (OUT_OF_MEMORY, "lower batch_size"),
            ("Check failed: error == cudaSuccess (77 vs. 0)", "The GPU failed"),
            ("Check failed: bottom[0]->num() == bottom[1]->num()", "Blobs do not fit"),
            ("Check failed: mdb_status == 0 (2 vs. 0) No such file or directory", "check the path"),
            ("Check failed: label_value < prob_.shape(axis)", "Labels must lie in"),
            ("Unknown layer type: Fancy (known types: ...)", "not what this Caffe understands"),
            ("Nobody has heard of this", "stack trace"),
        ],
    )
    def test_goes_by_the_reason(self, reason: str, advice: str) -> None:
        """Each known reason has its own remedy; any other points at the log."""
        log = healthy()
        log.fatal(reason)

        assert advice in "\n".join(only(log, RULE).advice)

    @pytest.mark.parametrize("line", ["double free or corruption (out)", "Segmentation fault"])
    def test_corrupted_memory_points_at_nan(self, line: str) -> None:
        """Max pooling writes outside its blob on nan."""
        log = healthy()
        log.raw(line)

        assert "look for a nan first" in only(log, RULE).advice[0]

    def test_names_the_newest_snapshot(self) -> None:
        """A crash costs only what came after it."""
        log = healthy()
        log.snapshot(40)
        log.fatal()

        assert only(log, RULE).advice[-1] == "Resume from net_iter_40.caffemodel."

    @pytest.mark.parametrize(("values", "loss"), [({}, "nan"), ({"ip1.0": "nan"}, 2.0)])
    def test_names_no_snapshot_of_a_run_with_nan(
        self, values: dict[str, str], loss: float | str
    ) -> None:
        """The newest one may hold nothing else."""
        log = healthy()
        log.display(50, values, loss)
        log.snapshot(55)
        log.fatal()

        assert not any("Resume" in advice for advice in only(log, RULE).advice)
