"""Passes: which iteration and which net they are of, and the updates behind them."""

from __future__ import annotations

import pytest

from caffewatch.log.events import Event, Iteration, Pass, Update
from caffewatch.log.parser import Parser
from tests.log.samples import (
    block,
    forward,
    iteration,
    of,
    one,
    parse,
    runs,
    say,
    solver_dump,
)


def numbered(events: list[Event]) -> list[tuple[str, int | None, int]]:
    """Return net, iteration and number of values of every pass."""
    return [(x.net, x.moment.iteration, len(x.values)) for x in of(Pass, events)]


def a_test(iteration: int, net: int = 0, batches: int = 2) -> str:
    """Return a test of some batches; its net has one layer more than the training net."""
    layers = ("data", "ip1", f"accuracy{net}")
    start = say(f"Iteration {iteration}, Testing net (#{net})")
    return start + forward(layers) * batches + say("    Test net output #0: accuracy = 1")


class TestNumbers:
    def test_estimated_until_the_iteration_line(self) -> None:
        """A block counts at once, for last + display, and is numbered by its Iteration line."""
        events = parse(solver_dump(display=20) + block() + iteration(0) + block())
        first, second = of(Pass, events)

        assert (first.moment.iteration, first.moment.estimated) == (0, False)
        assert (second.moment.iteration, second.moment.estimated) == (20, True)

    @pytest.mark.parametrize(
        ("before", "expected"),
        [
            ("", None),
            (solver_dump(display=20), 0),
            (solver_dump(display=20) + say("Resuming from a_iter_500.solverstate"), 500),
            (solver_dump(display=20) + say("Resuming from a_iter_510.solverstate"), 520),
            (say("Resuming from a_iter_510.solverstate"), 510),
            (solver_dump(display="²") + iteration(0), None),
            (solver_dump(display=0) + iteration(0) + iteration(30), 60),
            (iteration(0) + iteration(50), 100),
        ],
    )
    def test_estimates(self, before: str, expected: int | None) -> None:
        """The estimate follows from the snapshot, the display and the iterations seen."""
        assert one(Pass, parse(before + block())).moment.iteration == expected

    def test_iter_size(self) -> None:
        """Repeated blocks are of one iteration, known iter_size or not."""
        for before in (solver_dump(iter_size=3, display=10), ""):
            events = parse(before + (block() * 3 + iteration(0)) + (block() * 3 + iteration(10)))

            assert [x.moment.iteration for x in of(Pass, events)] == [0] * 3 + [10] * 3

    def test_every_iteration_prints(self) -> None:
        """Before 2015 blocks come between displays too: they are numbered back from the next."""
        log = solver_dump(display=3) + iteration(0) + block() * 3 + iteration(3)

        assert [x.moment.iteration for x in of(Pass, parse(log))] == [1, 2, 3]

    def test_forward_only_block_at_the_end(self) -> None:
        """The final display has a block without a backward part; the order stays learned."""
        log = solver_dump(display=1) + block() + iteration(0) + forward() + iteration(1) + block()
        events = parse(log)

        assert numbered(events) == [("train", 0, 4), ("train", 1, 3), ("train", 2, 4)]
        assert of(Pass, events)[0].blobs is of(Pass, events)[2].blobs
        assert runs(events)[0].passes == 2


class TestTestNets:
    def test_kept_apart(self) -> None:
        """The test nets' batches are passes of their own, and the training net's stay whole."""
        tests = a_test(0) + a_test(0, net=1)
        events = parse((tests + block() + iteration(0)) * 2)

        once = [("test0", 0, 5)] * 2 + [("test1", 0, 5)] * 2 + [("train", 0, 4)]
        assert numbered(events) == once * 2
        assert {x.moment.estimated for x in of(Pass, events)} == {False}

    def test_a_full_batch_counts_at_once(self) -> None:
        """A batch as long as the one before is a pass without waiting for what follows."""
        start = say("Iteration 0, Testing net (#0)")
        events = Parser().feed((start + forward() * 3).encode())

        assert numbered(events) == [("test0", 0, 3)] * 3

    def test_not_counted(self) -> None:
        """A run counts the debug values of its training net alone."""
        (run,) = runs(parse(a_test(0) + block() + iteration(0)))

        assert (run.debug_values, run.passes) == (4, 1)

    @pytest.mark.parametrize("end", ["Test interrupted.", "Test loss: 0.5"])
    def test_other_ends_of_a_test(self, end: str) -> None:
        """A test may be interrupted, or say its loss first."""
        test = say("Iteration 0, Testing net (#0)") + forward() + say(end)

        assert numbered(parse(test + block() + iteration(0))) == [("test0", 0, 3), ("train", 0, 4)]

    def test_without_results(self) -> None:
        """A block with a backward part is the training net's, even where no test result came."""
        start = say("Iteration 0, Testing net (#0)")

        assert numbered(parse(start + block() + iteration(0))) == [("train", 0, 4)]

    def test_iteration_line_ends_a_test(self) -> None:
        """After an Iteration line the training net's lines follow, whatever was lost."""
        start = say("Iteration 0, Testing net (#0)")
        events = parse(start + iteration(0) + forward() + iteration(10))

        assert numbered(events) == [("train", 10, 3)]

    def test_last_test_is_cut_off(self) -> None:
        """A test in whose midst the log ends is a pass that is not complete."""
        found = one(Pass, parse(say("Iteration 0, Testing net (#0)") + forward()))

        assert (found.net, found.complete) == ("test0", False)


class TestUpdates:
    PRINTED = say("    [Update] Layer ip1, param w data: 0.5; diff: 0.001", "net.cpp:700")
    SHARED = say(
        "    [Update] Layer ip2, param blob 0 (owned by layer ip1, param w) diff: nan",
        "net.cpp:707",
    )

    def test_both_forms(self) -> None:
        """A parameter's data and change are read; one that another layer owns has no data."""
        lr = say("Iteration 10, lr = 0.01")
        found = one(Update, parse(block() + iteration(10) + lr + self.PRINTED + self.SHARED))

        assert [(x.layer, x.blob, x.quantity) for x in found.blobs] == [
            ("ip1", "w", "data"),
            ("ip1", "w", "diff"),
            ("ip2", "0", "diff"),
        ]
        assert str(found.values) == "[0.5, 0.001, nan]"
        assert [found.line_of(index) for index in range(3)] == [8, 8, 9]
        assert (found.moment.iteration, found.moment.estimated) == (10, False)

    def test_lr_line_first(self) -> None:
        """2014's lr line comes before its loss line, with the updates in between."""
        log = iteration(0) + say("Iteration 10, lr = 0.01") + self.PRINTED + iteration(10)

        assert one(Update, parse(log)).moment.iteration == 10

    def test_counted(self) -> None:
        """Each value counts as a debug value."""
        (run,) = runs(parse(block() + iteration(0) + self.PRINTED + self.SHARED))

        assert run.debug_values == 4 + 3

    def test_one_for_each_iteration(self) -> None:
        """The first parameter again is the next iteration's."""
        events = parse(iteration(0) + (self.PRINTED + self.SHARED) * 2 + block() + iteration(10))

        assert [len(found.values) for found in of(Update, events)] == [3, 3]
        assert [type(event) for event in events if type(event) in (Update, Pass, Iteration)] == [
            Iteration,
            Update,
            Update,
            Pass,
            Iteration,
        ]
