"""How a training ends: what the log says last."""

from __future__ import annotations

import pytest

from caffewatch.log.events import (
    Ended,
)
from caffewatch.log.grammar import recognise_raw
from tests.log.samples import iteration, of, one, parse, say


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
        ],
    )  # fmt: skip
    def test_ends(self, line: str, how: str, fatal: bool) -> None:
        """Each way in which a training ends is told by its line."""
        found = one(Ended, parse(iteration(0) + line))

        assert (found.how, found.fatal) == (how, fatal)
        assert found.reason

    @pytest.mark.parametrize("line", ["Killed by nobody", "Aborted by the user", "a Bus error?"])
    def test_what_only_looks_like_it(self, line: str) -> None:
        """A script may use these words."""
        assert of(Ended, parse(iteration(0) + line)) == []

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
