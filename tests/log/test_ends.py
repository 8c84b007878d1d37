"""How a training ends: what the log says last."""

from __future__ import annotations

import pytest

from caffewatch.log.events import (
    Ended,
    WentOn,
)
from caffewatch.log.grammar import recognise_raw
from tests.log.samples import iteration, of, one, parse, say

MPIRUN = "mpirun noticed that process rank 1 with PID 24 on node a "
SLURM = "slurmstepd: error: "
TRACEBACK = 'Traceback (most recent call last):\n  File "a.py", line 3, in step\n    raise x\n'


class TestEnds:
    @pytest.mark.parametrize(
        ("line", "how", "fatal"),
        [
            (say("Optimization Done."), "finished", False),
            (say("Optimization Done in 48m 26s"), "finished", False),
            (say("Optimization stopped early."), "stopped", False),
            (say("Check failed: error == cudaSuccess (2 vs. 0)", severity="F"), "crashed", True),
            (say("no check at all", severity="F"), "crashed", True),
            ("*** SIGTERM (@0x3039) received by PID 1 (TID 0x7f); ***\n", "terminated", True),
            ("*** SIGSEGV (@0x0) received by PID 1 (TID 0x7f); ***\n", "crashed", True),
            ("terminate called after throwing an instance of 'std::bad_alloc'\n", "crashed", True),
            ("*** Error in `caffe': double free or corruption (!prev): 0x1\n", "crashed", True),
            ("double free or corruption (!prev)\n", "crashed", True),
            ("free(): invalid pointer\n", "crashed", True),
            ("Segmentation fault (core dumped)\n", "crashed", True),
            ("Aborted (core dumped)\n", "crashed", True),
            ("./train.sh: line 5:  4242 Killed                  caffe train\n", "crashed", True),
            ("run.sh: line 9: 42 Segmentation fault      (core dumped) caffe\n", "crashed", True),
            ("Check failed: out of memory\n", "crashed", True),
            ("./t.sh: line 1:  17 Abort trap: 6           caffe train\n", "crashed", True),
            ("Segmentation fault: 11\n", "crashed", True),
            ("段错误 (核心已转储)\n", "crashed", True),
            ("t.sh: 行 3: 4242 已杀死               caffe train\n", "crashed", True),
            ("t.sh: 第 3 行: 4242 已终止               caffe train\n", "terminated", True),
            ("Command terminated by signal 9\n", "crashed", True),
            ("Terminated\n", "terminated", True),
            ("./train.sh: line 5:  4242 Terminated              caffe train\n", "terminated", True),
            (MPIRUN + "exited on signal 7 (Bus error).\n", "crashed", True),
            (MPIRUN + "exited on signal 15 (Terminated).\n", "terminated", True),
            ("=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES\n", "crashed", True),
            (SLURM + "Job 75 exceeded memory limit (626 > 512), being killed\n", "crashed", True),
            (SLURM + "Detected 1 oom-kill event(s) in step 7.batch cgroup.\n", "crashed", True),
            ("srun: error: gpu-07: task 0: Segmentation fault (core dumped)\n", "crashed", True),
            ("slurmstepd-a: *** JOB 7 ON a CANCELLED AT 2026-11-23 ***\n", "terminated", True),
            (SLURM + "*** STEP 7 ON a CANCELLED AT 17:11 DUE TO TIME ***\n", "terminated", True),
            ("=>> PBS: job killed: walltime 86412 exceeded limit 86400\n", "terminated", True),
            ("TERM_RUNLIMIT: job killed after reaching LSF run time limit.\n", "terminated", True),
        ],
    )  # fmt: skip
    def test_ends(self, line: str, how: str, fatal: bool) -> None:
        """Each way in which a training ends is told by its line."""
        found = one(Ended, parse(iteration(0) + line))

        assert (found.how, found.fatal) == (how, fatal)
        assert found.reason

    @pytest.mark.parametrize("line", [
            "Killed by nobody", "Aborted by the user", "a Bus error?", "Terminated early",
            "slurmstepd: error: Exceeded step memory limit at some point.",
            "Command terminated by signal 2",
        ],
    )  # fmt: skip
    def test_what_only_looks_like_it(self, line: str) -> None:
        """A script may use these words."""
        assert of(Ended, parse(iteration(0) + line)) == []

    @pytest.mark.parametrize(
        ("exception", "how"),
        [
            ("TypeError: 'numpy.float64' object cannot be interpreted as an index", "crashed"),
            ("caffe.io.ParseError: 12:8", "crashed"),
            ("MemoryError", "crashed"),
            ("StopIteration", "crashed"),
            ("socket.timeout: timed out", "crashed"),
            ("KeyboardInterrupt", "stopped"),
        ],
    )
    def test_an_exception(self, exception: str, how: str) -> None:
        """A Python program that trains ends with it; Caffe's other threads may still write."""
        log = iteration(0) + TRACEBACK + say("Waiting for data") + f"{exception}\n"

        found = one(Ended, parse(log))

        assert (found.how, found.reason, found.line) == (how, exception, 6)

    @pytest.mark.parametrize(
        "before",
        ["Exception in thread Thread-3:", "Exception ignored in: <a>", "--- Logging error ---"],
    )
    def test_an_exception_that_ends_nothing(self, before: str) -> None:
        """A thread, an object that is thrown away and the log may fail by themselves."""
        log = iteration(0) + f"{before}\n" + TRACEBACK + "KeyError: 1\n"

        assert of(Ended, parse(log)) == []
        assert one(Ended, parse(log + TRACEBACK + "KeyError: 1\n")).line == 10

    def test_a_traceback_without_an_end(self) -> None:
        """What comes long after it is something else."""
        log = iteration(0) + TRACEBACK + "a line\n" * 200 + "KeyError: 1\n"

        assert of(Ended, parse(log)) == []

    def test_an_exception_without_a_traceback(self) -> None:
        """It may be the text of anything."""
        assert of(Ended, parse(iteration(0) + "KeyError: 1\n")) == []

    @pytest.mark.parametrize("end", ["Killed\n", "Terminated\n"])
    @pytest.mark.parametrize("shown", ["loss = 2", "lr = 0.1", "Testing net (#0)"])
    def test_training_goes_on(self, end: str, shown: str) -> None:
        """What has no prefix was another program's, and is told of once."""
        log = iteration(0) + end + say(f"Iteration 10, {shown}") + iteration(20)

        assert one(WentOn, parse(log)).line == 3

    @pytest.mark.parametrize("last", ["", "Aborted\n"])
    def test_training_does_not_go_on_behind_a_fatal_line(self, last: str) -> None:
        """Other ranks may write a little longer."""
        log = iteration(0) + say("Check failed: x", severity="F") + last + iteration(10)

        assert of(WentOn, parse(log)) == []

    def test_another_run_is_no_going_on(self) -> None:
        """It begins anew."""
        assert of(WentOn, parse(iteration(10) + "Killed\n" + iteration(0) + iteration(10))) == []

    def test_reason_quotes_the_log(self) -> None:
        """The reason is the fatal line's own text, on one line and not endless."""
        found = one(Ended, parse(say("Check failed:  a  " + "b" * 9999, severity="F")))

        assert found.reason == ("Check failed: a " + "b" * 9999)[:500]

    @pytest.mark.parametrize(
        "line", ["    @     0x7f3 caffe::Solver<>::Step()", "*** Check failure stack trace: ***",
                 '*** Aborted at 1795418400 (unix time) try "date" ***', "PC: @     0x7f3 main"]
    )  # fmt: skip
    def test_traces(self, line: str) -> None:
        """The lines of a stack trace are Caffe's, and no end by themselves."""
        found = recognise_raw(line)

        assert found is not None
        assert found[0].name == ""
