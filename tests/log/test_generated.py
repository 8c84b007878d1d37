"""Logs made at random: any cut gives the same events, and nothing brings the parser down."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from caffewatch.log.events import Iteration, Pass
from caffewatch.log.parser import Parser
from tests.log.samples import (
    backward,
    block,
    comparable,
    forward,
    iteration,
    net_dump,
    norms,
    of,
    parse,
    parse_in_pieces,
    say,
    solver_dump,
)

PIECES = (
    block(), block("nan"), block("-nan(ind)"), forward(), backward(),
    forward(("data", "ip1", "ip2")), norms(), norms(tid=7), iteration(0), iteration(10),
    iteration(20), say("Iteration 10, lr = 0.01"), say("Iteration 10, Testing net (#0)"),
    say("Iteration 10, Testing net (#1)"), say("    Test net output #0: a = 1"),
    say("    Train net output #0: loss = 1 (* 1 = 1 loss)"), say("Test loss: 1"),
    say("    [Update] Layer ip1, param w data: 0.5; diff: 0.001"), say("Waiting for data"),
    solver_dump(display=10, iter_size=2), net_dump('layer {\n  name: "ip1"\n}\n'),
    say("Creating Layer ip1"), say("ip1 <- data"), say("Network initialization done."),
    say("Starting Optimization"), say("Solving x"), say("Optimization Done."),
    say("Check failed: x", severity="F"), "*** SIGTERM (@0x1) received by PID 1\n",
    "Log file created at: 2025/12/31 23:59:59\n", say("Solving x", stamp="0101 00:00:00.1"),
    "Iteration 30, loss = 1\n", "Solving y\r\n", "foreign\n", "\r\n", "\ufeff", "\0" * 9, "\r",
    say("    [Forward] Layer ip1, top bl")[:-1], "I1109 ...] [Forward] Input a data: 1\n",
    "x" * 300,
)  # fmt: skip
"""What a log may hold; torn lines and foreign bytes have no line end."""

logs = st.lists(
    st.one_of(st.sampled_from(PIECES).map(str.encode), st.binary(max_size=20)), max_size=40
).map(b"".join)


class TestGenerated:
    @settings(max_examples=150)
    @given(logs, st.lists(st.integers(1, 400), min_size=1))
    def test_any_cut(self, log: bytes, sizes: list[int]) -> None:
        """The same bytes give the same events, however they come."""
        pieces: list[bytes] = []
        start = 0
        while start < len(log):
            size = sizes[len(pieces) % len(sizes)]
            pieces.append(log[start : start + size])
            start += size

        assert comparable(parse_in_pieces(pieces)) == comparable(parse(log))

    @given(logs)
    def test_lines_are_counted(self, log: bytes) -> None:
        """Every line is taken in once, and no event is of a line that was not there."""
        parser = Parser()
        events = parser.feed(log) + parser.close()

        rest = log.rpartition(b"\n")[2].replace(b"\0", b"").removesuffix(b"\r")
        assert parser.line == log.count(b"\n") + bool(rest)
        assert all(1 <= event.line <= parser.line for event in events)
        assert parser.unrecognised <= parser.line

    @given(
        st.lists(st.integers(0, 3), min_size=1, max_size=20),
        st.sampled_from(["", "foreign\n", say("Waiting for data"), norms(tid=7)]),
    )
    def test_every_value_is_read(self, repeats: list[int], junk: str) -> None:
        """Whatever stands between the lines, each block's values and number are exact."""
        log, expected = "", []
        for index, count in enumerate(repeats):
            for number in range(count):
                lines = block(index + number / 4).splitlines(keepends=True)
                log += junk.join(lines)
                expected.append((index, [index + number / 4] * 3 + [0.25]))
            log += iteration(index)

        events = parse(log)

        assert [(x.moment.iteration, x.values) for x in of(Pass, events)] == expected
        assert [x.iteration for x in of(Iteration, events)] == list(range(len(repeats)))
