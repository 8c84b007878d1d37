"""What a hostile log can do: nothing that costs much time or memory."""

from __future__ import annotations

import tracemalloc

import pytest

from caffewatch.log import debug_info, glog, grammar, numbering, shortcuts
from caffewatch.log.events import Iteration, Pass, RunStarted, Update
from caffewatch.log.lines import MAX_LINE
from caffewatch.log.parser import Parser
from tests.log.samples import (
    Counter,
    backward,
    block,
    forward,
    iteration,
    norms,
    of,
    parse,
    parse_in_pieces,
    say,
)


class TestHostile:
    def test_blocks_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A block without an end is taken in pieces."""
        monkeypatch.setattr(debug_info, "_MAX_BLOCK", 100)
        lines = forward([f"layer{number}" for number in range(200)])

        assert [len(x.values) for x in of(Pass, parse(lines))] == [100] * 4

    def test_updates_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """[Update] lines without an end are taken in pieces."""
        monkeypatch.setattr(debug_info, "_MAX_BLOCK", 100)
        lines = "".join(
            say(f"    [Update] Layer layer{number}, param w data: 1; diff: 1")
            for number in range(100)
        )

        assert [len(x.values) for x in of(Update, parse(lines))] == [100] * 2

    def test_many_orders(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A block that is another each time is read, and no order is remembered for ever."""
        monkeypatch.setattr(debug_info, "_MAX_SHARED", 2)
        log = "".join(
            forward((f"data{number % 3}", "ip1")) + backward() + norms() + iteration(number)
            for number in range(4)
        )

        first, *_, again = of(Pass, parse(log))

        assert again.blobs == first.blobs
        assert again.blobs is not first.blobs

    def test_long_orders(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is remembered of orders is bounded by their values together."""
        monkeypatch.setattr(debug_info, "_MAX_SHARED_VALUES", 100)
        parser = Parser()
        for number in range(20):
            names = [f"{number}_{layer}" for layer in range(20)]
            test = say(f"Iteration {number}, Testing net (#{number})")
            log = forward(names) + backward(names) + norms() + iteration(number)
            parser.feed((log + test + forward(names) + say("Test loss: 1")).encode())

        blocks = parser._passes.blocks

        assert sum(map(len, blocks._shared)) <= 200
        assert sum(len(order.blobs) for order in blocks._orders.values()) <= 200

    def test_many_places(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A bounded number of places in Caffe's source is remembered."""
        monkeypatch.setattr(shortcuts, "_MOST", 2)
        lines = [
            say("Iteration 1, loss = 1", f"solver.cpp:{number}").strip().encode()
            for number in range(3)
        ]
        known = shortcuts.Shortcuts()
        found = grammar.recognise("Iteration 1, loss = 1")
        assert found is not None

        for line in lines:
            known.learn(found[0], glog.read_line(line))

        assert [known.find(line) is not None for line in lines] == [False, False, True]

    def test_passes_that_nobody_numbers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where no Iteration line ever comes, memory does not grow with the log."""
        monkeypatch.setattr(numbering, "_MOST", 100)
        reader = Parser()
        text = (block() * 500).encode()
        reader.feed(text)
        tracemalloc.start()

        for _ in range(4):
            reader.feed(text)
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert grown < 50_000

    @pytest.mark.parametrize(
        "line",
        [
            "[Forward] Layer " + "a, top blob b data: " * 3000,
            "[Update] Layer " + "a, param b data: 1; " * 3000,
            "a <- b" + " " * 60_000 + "c",
            "a -> " * 12_000,
            "Iteration 1" + " (1" * 20_000,
            "Iteration 1, lr = 1" + ", gs = " * 9000 + "x",
            "Train net output #0: " + "a = 1 " * 10_000,
            "Solving " + " " * 60_000 + "x",
            "I1123 07:14:45.5 1 a.cpp:1] " * 2000,
            "[0.0] " * 10_000,
            "I1123" + " " * 60_000,
            "Creating layer '" + "' of type '" * 5000,
        ],
        ids=lambda line: line[:25],
    )
    def test_lines_made_to_be_slow(self, line: str) -> None:
        """Whatever a line holds, the ones after it are read."""
        for text in (line, say(line)):
            events = parse(say("Solving x") + text + "\n" + iteration(7))

            assert of(Iteration, events)[-1].iteration == 7

    def test_long_messages_are_not_searched(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """No pattern sees a message that is longer than any of Caffe's."""
        searched = Counter(grammar._search)
        monkeypatch.setattr(grammar, "_search", searched)

        found = [grammar.recognise("Solving " + "x" * n) for n in (10, grammar.MAX_MESSAGE)]

        assert (found[0] is not None, found[1], searched.calls) == (True, None, 1)

    def test_more_than_is_kept_of_a_line(self) -> None:
        """A line of a block that is longer than any line of Caffe's is cut, not lost track of."""
        long = say("    [Forward] Layer data, top blob data data: 0.5" + " " * MAX_LINE + "x")
        log = block() + iteration(0) + long + block() + iteration(10)
        whole = parse(log)

        pieces = [log[i : i + 1000].encode() for i in range(0, len(log), 1000)]
        assert [x.values for x in of(Pass, parse_in_pieces(pieces))] == [
            x.values for x in of(Pass, whole)
        ]

    def test_runs_without_end(self) -> None:
        """A log that begins a run on every other line is read in one go over its bytes."""
        log = (say("Solving x") + iteration(0)) * 20_000

        assert len(of(RunStarted, parse(log))) == 20_000
