"""How much work a log costs, counted and not timed."""

from __future__ import annotations

import pytest

from caffewatch.log import debug_info, grammar, line_reader, slices
from caffewatch.log.events import Pass
from caffewatch.log.parser import Parser
from tests.log.samples import (
    Counter,
    backward,
    forward,
    iteration,
    norms,
    of,
    parse,
    parse_in_pieces,
    real_log,
    say,
)

NET = [f"layer{number}" for number in range(100)]
WIDE = forward(["data", *NET]) + backward(NET) + norms()  # 301 values


@pytest.fixture
def recognised(monkeypatch: pytest.MonkeyPatch) -> Counter:
    """Count how often the grammar is asked."""
    counter = Counter(grammar.recognise)
    monkeypatch.setattr(line_reader, "recognise", counter)
    return counter


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Counter:
    """Count how many heads and values of debug_info lines are cut out."""
    counter = Counter(slices.cut)
    for module in (slices, debug_info):
        monkeypatch.setattr(module, "cut", counter)
    return counter


def displays(count: int) -> str:
    """Return so many displays of a wide net, with their lr and output lines."""
    return "".join(
        WIDE
        + iteration(number)
        + say("    Train net output #0: loss = 1 (* 1 = 1 loss)", "solver.cpp:237")
        + say(f"Iteration {number}, lr = 0.01", "sgd_solver.cpp:105")
        for number in range(count)
    )


class TestFastPath:
    def test_learned_blocks_need_no_grammar(self, recognised: Counter) -> None:
        """After the first display neither debug lines nor the lines around them are looked up."""
        reader = Parser()
        reader.feed(displays(1).encode())
        first = recognised.calls
        events = reader.feed(displays(20).encode())

        assert len(of(Pass, events)) == 20
        assert (first, recognised.calls) == (305, 305)

    def test_forward_only_block_is_not_learned(self, recognised: Counter) -> None:
        """A block before a final display, even one with lines lost, leaves the learned order."""
        reader = Parser()
        reader.feed((displays(1) + forward(["data", *NET[1:]]) + iteration(1)).encode())
        before = recognised.calls
        (found,) = of(Pass, reader.feed(WIDE.encode()))

        assert (len(found.values), recognised.calls) == (301, before)

    def test_real_log(self, recognised: Counter) -> None:
        """In a real debug log the grammar sees set-up, and less than two lines a block."""
        events = parse(real_log("r11_000_log_nan"))

        first = of(Pass, events)[0].line
        assert recognised.calls < first + 2 * len(of(Pass, events))

    def test_foreign_lines_cost_themselves(self, recognised: Counter) -> None:
        """A foreign line in a learned block goes through the grammar alone."""
        reader = Parser()
        reader.feed(displays(1).encode())
        before = recognised.calls
        torn = WIDE.replace("layer50, top", "layer50, top", 1).splitlines(keepends=True)
        torn.insert(150, say("hello"))
        (found,) = of(Pass, reader.feed("".join(torn).encode()))

        assert (len(found.values), recognised.calls - before) == (301, 1)

    @pytest.mark.parametrize("at", [0, 150, 300])
    def test_a_foreign_number_costs_itself(self, recognised: Counter, at: int) -> None:
        """A value as Windows prints it goes through the grammar, and none after it does."""
        reader = Parser()
        reader.feed(displays(1).encode())
        before = recognised.calls
        lines = WIDE.splitlines(keepends=True)
        lines[at] = lines[at].replace(": 0.", ": 1.#QNAN")
        assert lines[at] != WIDE.splitlines(keepends=True)[at]
        reader.feed(("".join(lines) + iteration(1)).encode())
        (found,) = of(Pass, reader.feed(WIDE.encode()))

        assert (len(found.values), recognised.calls - before) == (301, 1)

    @pytest.mark.parametrize("every", [1, 2, 10, 100])
    def test_interleaved_lines_are_not_quadratic(self, cut: Counter, every: int) -> None:
        """However often foreign lines come in between, a line is cut a few times at most."""
        lines = WIDE.splitlines(keepends=True)
        junk = "".join(
            line + "foreign\n" * (index % every == 0) for index, line in enumerate(lines)
        )
        reader = Parser()
        reader.feed(displays(6).encode())
        before = cut.calls
        events = reader.feed((junk * 10).encode())

        assert [len(x.values) for x in of(Pass, events)] == [301] * 10
        assert cut.calls - before < 10 * 301 * 6

    def test_foreign_numbers_are_not_quadratic(self, cut: Counter) -> None:
        """Every other value is a nan as Windows prints it, which the fast path cannot read."""
        lines = WIDE.splitlines(keepends=True)
        lines[::2] = [line.replace("0.5", "-nan(ind)") for line in lines[::2]]
        reader = Parser()
        reader.feed(displays(6).encode())
        before = cut.calls
        events = reader.feed(("".join(lines) * 10).encode())

        assert [len(x.values) for x in of(Pass, events)] == [301] * 10
        assert cut.calls - before < 10 * 301 * 6

    def test_byte_by_byte_is_not_quadratic(self, cut: Counter) -> None:
        """Lines that come one by one are each cut out once or twice."""
        log = displays(3).encode()
        events = parse_in_pieces(log[i : i + 1] for i in range(len(log)))

        assert len(of(Pass, events)) == 3
        assert cut.calls <= 2 * 2 * 301
