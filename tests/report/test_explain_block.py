from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.report import explain_block
from caffewatch.report.explain_block import BlockReader, Picture
from tests.logs import CaffeLog, healthy
from tests.watched import REFERENCE

NAN = {"data": "nan"}


def choose(
    log: CaffeLog | bytes, iteration: int | None = None, cuts: list[int] | None = None
) -> Picture | None:
    """Read a log, cut at these bytes, and choose a block."""
    data = log if isinstance(log, bytes) else log.data
    reader = BlockReader(iteration, REFERENCE)
    for start, end in pairwise([0, *sorted(cuts or []), len(data)]):
        reader.feed(data[start:end])
    return reader.close()


def chosen(log: CaffeLog | bytes, iteration: int | None = None) -> tuple[int | None, str]:
    """Return the chosen block's iteration, and why it is that."""
    picture = choose(log, iteration)
    assert picture is not None
    return picture.block.iteration, picture.reason


class TestDefault:
    def test_last(self) -> None:
        """Without a fault it is the last block."""
        assert chosen(healthy(5)) == (40, "the last one")

    def test_first_finding(self) -> None:
        """Else the one in which the first began."""
        log = healthy(5)
        log.displays((50, 60, 70), NAN)

        assert chosen(log) == (50, "where the first finding began: non_finite")

    def test_decided_later(self) -> None:
        """A finding that takes several blocks to be sure of points at the first of them."""
        log = healthy(5)
        log.displays(range(50, 150, 10), {"d ip1.0": 0})

        assert chosen(log) == (50, "where the first finding began: zero_gradient")

    def test_forward_only(self) -> None:
        """The block before the last Iteration line has no gradients, so another is taken."""
        log = healthy(5)
        log.forward()
        log.iteration(50)
        log.done()

        assert chosen(log) == (40, "the last one")

    def test_forward_only_asked_for(self) -> None:
        """It can be asked for all the same."""
        log = healthy(5)
        log.forward()
        log.iteration(50)

        assert chosen(log, 50) == (50, "")

    def test_died_in_it(self) -> None:
        """A block cut off by death is the one to look at."""
        log = healthy(5)
        log.forward(lines=5)
        log.signal("SIGTERM")

        assert chosen(log) == (50, "where the first finding began: crash")

    def test_cut_off(self) -> None:
        """One that may only not be written yet is named, and the last whole one taken."""
        log = healthy(5)
        log.forward(lines=5)

        said = "the last one; a block behind it is cut off (--iteration 50)"
        assert chosen(log) == (40, said)

    @pytest.mark.parametrize("text", [b"", b"hello\n"])
    def test_none(self, text: bytes) -> None:
        """A log without blocks has none."""
        assert choose(text) is None

    def test_test_nets(self) -> None:
        """Their blocks are no training and never chosen."""
        log = CaffeLog.started()
        log.test(0)
        log.iteration(0)

        assert choose(log) is None


class TestIteration:
    @pytest.mark.parametrize(("asked", "found"), [(20, 20), (22, 20), (28, 30), (9999, 40), (0, 0)])
    def test_nearest(self, asked: int, found: int) -> None:
        """Where the iteration was not displayed, the nearest is taken and that is said."""
        near = f"the nearest to the one asked for: iteration {asked} shows no block"

        assert chosen(healthy(5), asked) == (found, near if asked != found else "")

    def test_last_run(self) -> None:
        """Of several runs the last one that shows it."""
        log = healthy(3)
        log.set_up()
        log.displays((0, 10, 20))

        picture = choose(log, 10)

        assert picture is not None
        assert (picture.run.ordinal, len(picture.before)) == (2, 1)

    def test_last_repeat(self) -> None:
        """With iter_size it is the last of an iteration's blocks, whose gradients are whole."""
        log = healthy(2, iter_size=3)

        picture = choose(log, 10)

        assert picture is not None
        assert picture.block.lines[1] == max(
            number for number, line in enumerate(log.text.splitlines(), 1) if "net params" in line
        )
        assert len(picture.before) == 3

    def test_without_numbers(self) -> None:
        """What no line numbers is not near anything."""
        log = CaffeLog()
        log.block()

        assert choose(log, 0) is None


class TestContext:
    def test_lines_behind_the_block(self) -> None:
        """Loss, output and learning rate are those of its own iteration."""
        log = CaffeLog.started()
        log.display(0, loss=2.5, lr=0.1)
        log.display(10, loss=1.5, lr=0.01)

        picture = choose(log, 0)

        assert picture is not None
        block = picture.block
        assert (block.loss, block.learning_rate) == (2.5, 0.1)
        assert [(x.name, x.value) for x in block.outputs] == [("loss", 2.5)]

    def test_updates(self) -> None:
        """[Update] lines belong to the iteration before them."""
        log = healthy(2)
        log.say("    [Update] Layer ip1, param 0 data: 0.1; diff: 0.001", "net.cpp:660")
        log.display(20)

        picture = choose(log, 10)

        assert picture is not None
        assert picture.block.update is not None
        assert picture.block.update.values == [0.1, 0.001]


class TestMemory:
    def test_history(self) -> None:
        """So many blocks are kept, however long the run is."""
        picture = choose(healthy(explain_block.HISTORY + 20), 9999)

        assert picture is not None
        assert len(picture.before) == explain_block.HISTORY - 1

    def test_huge_nets(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Fewer, where each block is large."""
        monkeypatch.setattr(explain_block, "_BUDGET", 80)

        picture = choose(healthy(20))

        assert picture is not None
        assert len(picture.before) == 2


class TestCuts:
    LOG = healthy(6)
    LOG.display(60, NAN)

    @given(cuts=st.lists(st.integers(0, len(LOG.data)), max_size=6))
    def test_any_cut_chooses_the_same(self, cuts: list[int]) -> None:
        """It does not matter how the bytes were read."""
        picture = choose(self.LOG, None, cuts)

        assert picture is not None
        assert (picture.block.iteration, len(picture.before)) == (60, 6)
