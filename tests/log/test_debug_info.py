"""Blocks of debug_info lines: what they hold, which net's they are, and which iteration's."""

from __future__ import annotations

import math

import pytest

from caffewatch.log.events import Blob, Event, Norms, Pass, Phase
from tests.log.samples import (
    backward,
    block,
    forward,
    iteration,
    norms,
    of,
    one,
    parse,
    runs,
    say,
    solver_dump,
)

TOP = Blob("forward", "data", "top", "data", "data")
WEIGHT = Blob("forward", "ip1", "param", "0", "data")
TRAINED = (TOP, Blob("forward", "ip1", "top", "ip1", "data"), WEIGHT,
           Blob("backward", "ip1", "param", "0", "diff"))  # fmt: skip


def numbered(events: list[Event]) -> list[tuple[str, int | None, int]]:
    """Return net, iteration and number of values of every pass."""
    return [(x.net, x.moment.iteration, len(x.values)) for x in of(Pass, events)]


def a_test(iteration: int, net: int = 0, batches: int = 2) -> str:
    """Return a test of some batches; its net has one layer more than the training net."""
    layers = ("data", "ip1", f"accuracy{net}")
    start = say(f"Iteration {iteration}, Testing net (#{net})")
    return start + forward(layers) * batches + say("    Test net output #0: accuracy = 1")


class TestLines:
    @pytest.mark.parametrize(
        ("message", "place", "value"),
        [
            ("[Forward] Layer a, top blob b data: 0.5", ("forward", "a", "top", "b"), 0.5),
            ("[Forward] Layer a, param blob w data: inf", ("forward", "a", "param", "w"), math.inf),
            ("[Forward] Layer a, c, top blob d e data: 1", ("forward", "a, c", "top", "d e"), 1.0),
            ("[Forward] Layer a, top blob b data: 50 (0.5)", ("forward", "a", "top", "b"), 0.5),
            ("[Forward] Layer a, top blob b data: 5 asum: 50", ("forward", "a", "top", "b"), 5.0),
            ("[Forward] Input x data: 0.5", ("forward", "x", "input", "x"), 0.5),
            ("[Forward] Input x data: 50 (0.5)", ("forward", "x", "input", "x"), 0.5),
            ("[Backward] Layer a, bottom blob b diff: 2e8", ("backward", "a", "bottom", "b"), 2e8),
            ("[Backward] Layer a, param blob 1 diff: 50 (5)", ("backward", "a", "param", "1"), 5.0),
            ("[0.0]     [Forward] Layer a, top blob b data: 3", ("forward", "a", "top", "b"), 3.0),
        ],
    )  # fmt: skip
    def test_shapes(self, message: str, place: tuple[Phase, str, str, str], value: float) -> None:
        """Every shape of a line gives what it measures and its value: the mean, not the sum."""
        found = one(Pass, parse(say(f"    {message}", "net.cpp:591") + iteration(0)))

        quantity = "data" if place[0] == "forward" else "diff"
        assert (found.blobs, found.values) == ((Blob(*place, quantity),), [value])

    @pytest.mark.parametrize("text", ["nan", "-nan", "1.#QNAN", "-1.#IND", "-nan(ind)"])
    def test_nan_in_a_learned_block(self, text: str) -> None:
        """A nan of any platform is read in the first block and in those after it."""
        log = "".join(block(value) + iteration(0) for value in (text, 0.5, text, 0.5))

        shown = [[math.isnan(x) for x in found.values] for found in of(Pass, parse(log))]

        assert shown == [[True] * 3 + [False], [False] * 4] * 2

    def test_nan_in_the_midst(self) -> None:
        """Windows' nan stands out of the way that a learned block is read, at any place."""
        lines = block(0.5).splitlines(keepends=True)
        lines[2] = lines[2].replace("0.5", "-nan(ind)")
        events = parse((block() + iteration(0)) * 3 + "".join(lines) + iteration(10))

        assert str(of(Pass, events)[-1].values) == "[0.5, 0.5, nan, 0.25]"

    @pytest.mark.parametrize("text", ["nan", "-nan(ind)", "-1.#IND"])
    def test_norms(self, text: str) -> None:
        """The All net params line closes the block with true norms, nan or not."""
        log = forward() + backward() + norms(1196.44, text, "1e+20", "inf")

        found = one(Pass, parse(log)).norms

        assert found is not None
        assert (found.l1[0], math.isnan(found.l1[1]), found.l2) == (1196.44, True, (1e20, math.inf))

    def test_cut_prefix(self) -> None:
        """A pasted block with a shortened prefix is read like any other."""
        lines = (forward() + backward()).splitlines()
        pasted = "".join(
            f"I1109 ...{line[line.index(']') :]}\n".replace("]    ", "]") for line in lines
        )
        pasted = pasted + ".\n.\n.\n" + pasted + f"E1109 ...{norms()[norms().index(']') :]}"

        events = parse(pasted)

        assert [x.blobs for x in of(Pass, events)] == [TRAINED] * 2
        assert of(Pass, events)[1].norms == Norms((9.0, 1.0), (3.0, 1.0))

    def test_without_any_prefix(self) -> None:
        """MyCaffe prints no prefix, two spaces and the sum behind the value."""
        log = (
            "  [Forward] Layer data, top blob data data: 0.5 asum: 50\r\n"
            "  [Backward] Layer ip1, param blob 0 diff: 0.25 asum: 50\r\n"
            "  Iteration 0, loss = 2.3\r\n"
            "   Test net output #0: accuracy = 0.5\r\n"
        )

        found = one(Pass, parse(log))

        assert (found.values, found.moment.iteration) == ([0.5, 0.25], 0)


class TestBlocks:
    def test_blobs_are_shared(self) -> None:
        """Every block has the same tuple object, whatever stood between its lines."""
        other = say("Waiting for data", "data_layer.cpp:1")
        torn = forward() + other + backward() + norms() + iteration(20)
        events = of(Pass, parse(block() + iteration(0) + block() + iteration(10) + torn))

        assert events[0].blobs == TRAINED
        assert len({id(found.blobs) for found in events}) == 1

    @pytest.mark.parametrize(
        ("between", "lines"), [("", [2, 3, 4, 5]), ("foreign\n", [2, 4, 6, 8])]
    )
    def test_line_numbers(self, between: str, lines: list[int]) -> None:
        """Every value knows its line, foreign lines in between or not."""
        values = (forward() + backward()).splitlines(keepends=True)
        log = say("Solving x") + between.join(values) + norms()
        for text in (log, log + block()):
            found = of(Pass, parse(text))[0]

            assert [found.line_of(index) for index in range(4)] == lines

    def test_foreign_lines_in_a_learned_block(self) -> None:
        """Every other line is foreign, and nothing is lost."""
        values = (forward() + backward()).splitlines(keepends=True)
        torn = "print\n".join(values)
        found = of(Pass, parse(block() + iteration(0) + torn + norms() + iteration(10)))[1]

        assert found.blobs == TRAINED
        assert [found.line_of(index) for index in range(4)] == [7, 9, 11, 13]

    def test_norms_of_other_threads(self) -> None:
        """With several GPUs or ranks only the root's own line closes its block."""
        other = norms(1, 2, 3, 4, tid=999)
        torn = other + forward() + other + backward() + other + norms() + other
        events = parse(block() + iteration(0) + torn + iteration(10))

        assert numbered(events) == [("train", 0, 4), ("train", 10, 4)]
        assert of(Pass, events)[1].norms == Norms((9.0, 1.0), (3.0, 1.0))

    def test_without_norms(self) -> None:
        """Where no norms are printed a block ends with its iteration, or as the next begins."""
        shown = forward() + backward()
        events = parse(shown + iteration(0) + shown * 2 + iteration(1))

        assert numbered(events) == [("train", 0, 4), ("train", 1, 4), ("train", 1, 4)]
        assert all(found.norms is None for found in of(Pass, events))

    def test_an_order_that_changes(self) -> None:
        """A block with another layer is learned as well as the first."""
        wider = forward(("data", "ip1", "ip2")) + backward(("ip1", "ip2")) + norms()
        events = parse("".join(text + iteration(0) for text in (block(), wider, wider, block())))

        assert [len(found.values) for found in of(Pass, events)] == [4, 7, 7, 4]
        assert of(Pass, events)[1].blobs is of(Pass, events)[2].blobs

    def test_another_place_in_the_source(self) -> None:
        """A line whose prefix has changed still belongs to its place."""
        moved = block().replace("net.cpp:591", "net.cpp:999")
        events = parse("".join(text + iteration(0) for text in (block(), moved, moved)))

        assert [found.blobs for found in of(Pass, events)] == [TRAINED] * 3

    def test_cut_off_by_the_end(self) -> None:
        """The log just ends: what was there of the block is judged, and counted."""
        events = parse(solver_dump(display=10) + block() + iteration(0) + forward())
        found = of(Pass, events)[1]

        assert (found.complete, found.values, found.moment.iteration) == (False, [0.5] * 3, 10)
        assert runs(events)[0].debug_values == 7

    @pytest.mark.parametrize(
        "death", [say("Check failed: x", severity="F"), "*** SIGSEGV (@0x0) received by PID 1\n"]
    )
    def test_cut_off_by_death(self, death: str) -> None:
        """A fatal line ends the block, and comes after it."""
        events = parse(block() + iteration(0) + forward() + backward() + death)

        assert [type(event).__name__ for event in events[-3:]] == ["Pass", "Ended", "RunEnded"]
        assert of(Pass, events)[1].complete is False
