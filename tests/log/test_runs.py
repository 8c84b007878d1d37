"""Where a run begins and ends, what identifies it, and what is known of it."""

from __future__ import annotations

import pytest

from caffewatch.log.events import Iteration, RunStarted
from caffewatch.log.parser import Parser
from caffewatch.log.start import ENOUGH, begins_run
from tests.log.samples import (
    DONE,
    REFERENCE,
    SET_UP,
    block,
    forward,
    iteration,
    norms,
    of,
    one,
    parse,
    parse_in_pieces,
    run_lines,
    say,
)


class TestBeginnings:
    @pytest.mark.parametrize(
        "message",
        [
            "Use CPU.",
            "Using GPUs 0, 1",
            "Using GPU 0",
            "Querying GPUs all",
            "Initializing solver from parameters: ",
            "Creating training net from net file: x",
            "Creating training net specified in net_param.",
            "Starting Optimization",
            "Solving lenet",
            "Solving ",
        ],
    )
    def test_set_up_lines(self, message: str) -> None:
        """Each set-up line begins a run after one that has shown something, and only then."""
        shown = say("hello") + iteration(0) + say(message)

        assert run_lines(parse(shown + iteration(0))) == [1, 3]
        assert run_lines(parse(say("hello") + say(message) + iteration(0))) == [1]

    @pytest.mark.parametrize(
        "shown",
        [
            iteration(0),
            say("Optimization Done."),
            say("Optimization stopped early."),
            say("Iteration 0, Testing net (#0)"),
            say("Check failed: x", severity="F"),
            "*** SIGTERM (@0x1) received by PID 1\n",
        ],
    )
    def test_what_counts_as_shown(self, shown: str) -> None:
        """An iteration or an end of any kind closes the way for more set-up lines."""
        assert run_lines(parse(SET_UP + shown + SET_UP)) == [1, 9]

    def test_set_up_lines_on_top_of_each_other(self) -> None:
        """NVIDIA prints set-up lines once per GPU: all of them are one run's."""
        per_gpu = say("Creating training net") + say("Solver scaffolding done.") + say("Solving x")

        assert run_lines(parse(SET_UP + per_gpu * 8 + iteration(0) + DONE)) == [1]

    def test_2014(self) -> None:
        """Before 2015 `Starting Optimization` comes first; iterations begin at 1."""
        log = (
            say("Starting Optimization", "caffe.cpp:99")
            + say("Creating training net from file: x")
            + say("Solving x")
            + say("Iteration 0, Testing net")
            + say("Test score #0: 0.1")
            + say("Iteration 1, lr = 0.01")
            + say("Iteration 1, loss = -nan")
            + say("Optimization Done.")
        )

        assert run_lines(parse(log * 2)) == [1, 9]

    @pytest.mark.parametrize(
        "message",
        ["Iteration 0, loss = 2.3", "Iteration 0, lr = 0.01", "Iteration 0, Testing net (#0)"],
    )
    def test_falling_iteration(self, message: str) -> None:
        """Where pycaffe prints no set-up line, an iteration that falls back is another run's."""
        log = iteration(0) + iteration(10) + say(message) + iteration(0) + iteration(10)

        assert run_lines(parse(log)) == [1, 3]

    def test_ranks(self) -> None:
        """One of several that lags behind goes on with the run; one that falls back does not."""
        first = say("Iteration 0, loss = 1") + say("Iteration 0, loss = 1", tid=7)
        log = first + say("Iteration 10, loss = 1") + say("Iteration 5, loss = 1", tid=7)

        assert run_lines(parse(log + say("Iteration 15, loss = 1"))) == [1]
        assert run_lines(parse(log + say("Iteration 0, loss = 1", tid=7))) == [1, 5]

    def test_a_process_that_was_never_seen(self) -> None:
        """It is another run, though its set-up lines are not there."""
        assert run_lines(parse(iteration(10) + say("Iteration 0, loss = 1", tid=7))) == [1, 2]

    def test_same_iteration_again(self) -> None:
        """The final display repeats its number: that is no fall."""
        assert run_lines(parse(iteration(10) + iteration(10) + say("Iteration 10, lr = 1"))) == [1]

    def test_rotation_header_in_mid_run(self) -> None:
        """A glog file that begins in the middle of a run has a header, and is no start."""
        header = "Log file created at: 2026/11/23 07:23:23\nRunning on machine: gpu-07\n"
        header += "Log line format: [IWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg\n"
        parser = Parser(REFERENCE)
        events = parser.feed((header + SET_UP + iteration(0) + header + iteration(10)).encode())

        assert len(of(RunStarted, events)) == 1
        assert parser.unrecognised == 0

    @pytest.mark.parametrize(
        "echo",
        [
            "++ caffe train -solver solver.prototxt\n",
            "caffe.INFO -> caffe.gpu-07.log\n",
            "a <- b\n",
            "Killed\n",
            "\n",
        ],
    )
    def test_shell_echo_is_no_beginning(self, echo: str) -> None:
        """What a script prints before Caffe belongs to no run."""
        assert run_lines(parse(echo * 3 + SET_UP)) == [4]

    def test_no_run(self) -> None:
        """A log without any Caffe line has no events."""
        assert parse("hello\nworld") == []
        assert parse(b"") == []

    def test_torn_line(self) -> None:
        """A run that is appended to the torn line of a killed one is found on that line."""
        torn = say("    [Forward] Layer ip1, top bl")[:-1]
        log = SET_UP + block() + iteration(0) + torn + SET_UP + iteration(0)
        events = parse(log)

        assert run_lines(events) == [1, 14]
        assert one(Iteration, events[-3:]).iteration == 0


class TestIdentity:
    def test_first_line(self) -> None:
        """Identity is the raw first line's: stamp and thread tell runs apart, place does not."""
        other = say("Use CPU.", "caffe.cpp:197", tid=999)
        events = parse("echo\n" + SET_UP + iteration(0) + other)

        first, second = of(RunStarted, events)
        assert first.id == one(RunStarted, parse(SET_UP)).id
        assert second.id == one(RunStarted, parse(other)).id
        assert (first.ordinal, second.ordinal, len({first.id, second.id})) == (1, 2, 2)

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\0\n"])
    def test_without_a_stamp(self, end: str) -> None:
        """Where there is no stamp the offset tells runs apart, the same however it was read."""
        lines = [
            "hello",
            "Solving x",
            "Iteration 0, loss = 1",
            "Solving x",
            "Iteration 0, loss = 1",
        ]
        log = "".join(line + end for line in lines).encode()
        started = of(RunStarted, parse(log))

        assert len({event.id for event in started}) == 2
        for size in (1, 3, 7):
            pieces = [log[i : i + size] for i in range(0, len(log), size)]
            assert of(RunStarted, parse_in_pieces(pieces)) == started

    @pytest.mark.parametrize("size", [1, 50, 10_000])
    def test_offset(self, size: int) -> None:
        """A run begins at its first line's first raw byte, from where it can be read again."""
        torn = "torn off: I1123 07:1"
        head = "\ufeffecho\r\n\0\0" + SET_UP.replace("\n", "\r\n") + iteration(0) + torn
        log = (head + SET_UP + iteration(0)).encode()
        parser = Parser(REFERENCE)
        for start in range(0, len(log), size):
            parser.feed(log[start : start + size])

        again = parse(log[parser.run_offset :])

        assert log[parser.run_offset :].startswith(torn.encode())
        assert of(RunStarted, again)[0].id == of(RunStarted, parse(log))[1].id

    def test_offset_of_a_glued_run(self) -> None:
        """A run on a torn line begins behind what was torn."""
        torn = say("    [Forward] Layer ip1, top bl")[:-1]
        log = (SET_UP + iteration(0) + torn + SET_UP).encode()
        parser = Parser(REFERENCE)
        events = parser.feed(log)

        again = parse(log[parser.run_offset :])

        assert of(RunStarted, again)[0].id == of(RunStarted, events)[1].id


class TestStreams:
    def test_lines_are_not_glued_across(self) -> None:
        """Two files of a rotated log take turns, in the midst of their lines."""
        parser = Parser(REFERENCE)
        old, new = iteration(10).encode(), iteration(20).encode()
        events = parser.feed(old[:30], 0) + parser.feed(new[:40], 1)
        events += parser.feed(old[30:], 0) + parser.feed(new[40:], 1)

        assert [x.iteration for x in of(Iteration, events)] == [10, 20]

    def test_flush(self) -> None:
        """A fragment that a rotation leaves is a line of its own."""
        parser = Parser(REFERENCE)
        events = parser.feed(iteration(10)[:-1].encode(), 3)
        flushed = parser.flush(3)

        assert of(Iteration, events) == []
        assert one(Iteration, flushed).iteration == 10
        assert parser.flush(3) == []


class TestBeginsRun:
    @pytest.mark.parametrize(
        ("head", "expected"),
        [
            (SET_UP, True),
            (f"Log file created at: 2026/11/23 07:23:23\n{SET_UP}", True),
            (forward() + norms(), False),
            (say("hello") + iteration(10), False),
            (say("hello"), None),
            (SET_UP[:20], None),
            ("x\n" * ENOUGH, False),
        ],
    )
    def test_heads(self, head: str, expected: bool | None) -> None:
        """A file begins with a run where set-up comes first."""
        assert begins_run(head.encode()) is expected
