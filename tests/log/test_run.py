"""What is known of a run: its outcome and its summary."""

from __future__ import annotations

import pytest

from caffewatch.log.events import Ended, RunStarted
from caffewatch.log.run import MOST, Run
from tests.log.samples import (
    DONE,
    SET_UP,
    backward,
    block,
    forward,
    iteration,
    of,
    parse,
    runs,
    say,
    solver_dump,
)


class TestOutcome:
    @pytest.mark.parametrize(
        ("ends", "outcome"),
        [
            ("", "unfinished"),
            (DONE, "finished"),
            (say("Optimization stopped early.") + DONE, "stopped"),
            (DONE + "*** SIGABRT (@0x1) received by PID 1\n", "crashed"),
            ("*** SIGTERM (@0x1) received by PID 1\n", "terminated"),
            ("*** SIGTERM (@0x1) received by PID 1\nAborted\n", "terminated"),
            (say("Check failed: x", severity="F") + "*** SIGABRT (@0x1) by PID 1\n", "crashed"),
            (say("Check failed: x", severity="F") + "Terminated\n", "crashed"),
            ("Killed\n=>> PBS: job killed: x\n", "crashed"),
            (DONE + "Terminated\n", "finished"),
            ("=>> PBS: job killed: x\nKilled\n", "terminated"),
            ("Killed\n" + iteration(10), "unfinished"),
            ("Killed\n" + iteration(10) + DONE, "finished"),
            ("Traceback (most recent call last):\nKeyboardInterrupt\n", "stopped"),
        ],
    )
    def test_outcomes(self, ends: str, outcome: str) -> None:
        """The last end seen decides, a good end behind an early stop is still a stop."""
        (run,) = runs(parse(SET_UP + iteration(0) + ends))

        assert run.outcome == outcome

    def test_first_reason_stays(self) -> None:
        """A crash is explained by its first line, not by what followed from it."""
        ends = say("Check failed: x", severity="F") + "Aborted (core dumped)\n"
        events = parse(SET_UP + iteration(0) + ends)

        assert len(of(Ended, events)) == 2
        assert runs(events)[0].reason == "Check failed: x"


class TestRun:
    def test_summary(self) -> None:
        """A run sums its events up."""
        stamp = "1123 07:14:55.539148"
        log = (
            SET_UP
            + say("Finetuning from a.caffemodel")
            + say("Ignoring source layer fc8") * 2
            + block()
            + iteration(0)
            + say("    Train net output #0: loss = 0.5 (* 1 = 0.5 loss)")
            + say("Iteration 0, Testing net (#0)")
            + say("    Test net output #0: accuracy = 0.5")
            + say("Iteration 10, loss = 0.25", stamp=stamp)
            + say("Iteration 10, lr = 0.5, m = 0.9, gs = 0", stamp=stamp)
            + say("Gradient clipping: scaling down gradients (L2 norm 2 > 1) by scale factor 0.5")
            + say("Snapshotting to binary proto file a_iter_10.caffemodel")
        )
        (run,) = runs(parse(log))

        assert (run.net_name, run.solver_type, run.display, run.max_iterations) == (
            "lenet", "SGD", 10, 20,
        )  # fmt: skip
        assert (run.first_iteration, run.previous_iteration, run.iteration) == (0, 0, 10)
        assert (run.display_count, run.loss, run.speed, run.rate) == (2, 0.25, 1.0, None)
        assert (run.learning_rate, run.grad_scale, run.clips) == (0.5, 1.0, 1)
        assert (run.outputs[0].value, run.test_outputs["test0", 0].value) == (0.5, 0.5)
        assert [x.iteration for x in run.snapshots] == [10]
        assert run.loaded is not None
        assert (run.loaded.path, run.ignored_layers) == ("a.caffemodel", ["fc8"])
        assert run.norms is not None

    @pytest.mark.parametrize("shown", [iteration(0), say("Iteration 0, Testing net (#0)")])
    def test_layers_that_only_train(self, shown: str) -> None:
        """SSD and NVIDIA ignore them before each test: all weights of the file were loaded."""
        log = say("Finetuning from a.caffemodel") + say("Ignoring source layer fc8") + shown
        (run,) = runs(parse(log + say("Ignoring source layer mbox_loss")))

        assert run.ignored_layers == ["fc8"]

    @pytest.mark.parametrize(
        ("dump", "solver_type"),
        [({"type": '"Adam"'}, "Adam"), ({"solver_type": "NESTEROV"}, "Nesterov"), ({}, "SGD")],
    )
    def test_solver_type(self, dump: dict[str, str], solver_type: str) -> None:
        """Old and new names of a solver are one."""
        (run,) = runs(parse(solver_dump(**dump) + iteration(0)))

        assert run.solver_type == solver_type

    @pytest.mark.parametrize(
        ("log", "display", "at_end"),
        [
            (iteration(0), None, False),
            (iteration(0) + DONE, None, True),
            (iteration(0) + iteration(50), 50, False),
            (solver_dump(display=10, max_iter=20) + iteration(0), 10, False),
            (solver_dump(display=10, max_iter=20) + iteration(10), 10, True),
            (solver_dump(display="9" * 5000, max_iter="²") + iteration(0), None, False),
        ],
    )
    def test_display_and_end(self, log: str, display: int | None, at_end: bool) -> None:
        """The display comes from the dump or from what was seen; the end from max_iter."""
        (run,) = runs(parse(log))

        assert (run.display, run.at_end) == (display, at_end)

    def test_incomplete_passes_count(self) -> None:
        """A block with a backward part that was cut off is a pass."""
        (run,) = runs(parse(block() + iteration(0) + forward() + backward()))

        assert (run.passes, run.debug_values) == (2, 8)

    def test_bounded(self) -> None:
        """A log that names outputs and layers without an end fills no memory."""
        names = (
            say(f"{net} net output #{index}: x = 1")
            for index in range(MOST + 10)
            for net in ("Train", "Test")
        )
        ignored = (say(f"Ignoring source layer {index}") for index in range(MOST + 10))
        written = (say(f"Snapshotting to x_iter_{index}.caffemodel") for index in range(MOST + 10))
        (run,) = runs(parse("".join([*names, *ignored, *written])))

        kept = (run.outputs, run.test_outputs, run.ignored_layers, run.snapshots)
        assert [len(x) for x in kept] == [MOST] * 4
        assert [run.snapshots[at].iteration for at in (0, -1)] == [0, MOST + 9]

    def test_speed_needs_time(self) -> None:
        """Without stamps, or with no time gone by, there is no speed."""
        plain = "Iteration 0, loss = 1\nIteration 10, loss = 1\n"

        assert [run.speed for log in (plain, iteration(0) * 2) for run in runs(parse(log))] == [
            None,
            None,
        ]

    def test_the_last_display_tells_no_speed(self) -> None:
        """Before it there is a forward pass alone, which takes half the time."""
        log = solver_dump(display=10, max_iter=20) + "".join(
            say(f"Iteration {number}, loss = 1", stamp=f"1123 07:14:{second}.000000")
            for number, second in ((0, 10), (10, 20), (20, 21))
        )
        (run,) = runs(parse(log))

        assert (run.iteration, run.speed) == (20, 1.0)

    def test_foreign_events(self) -> None:
        """What a run does not sum up leaves it as it is."""
        run = Run("id", 1, 1)
        run.apply(RunStarted(1, None, "id", 1))

        assert run == Run("id", 1, 1)
