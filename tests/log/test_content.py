"""Whatever bytes a log may hold: lines are counted exactly, and Caffe's are understood."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from caffewatch.log.events import Ended, Event, Iteration, LearningRate, Output, Pass, RunStarted
from caffewatch.log.lines import MAX_LINE
from caffewatch.log.parser import Parser
from tests.log.samples import (
    SET_UP,
    backward,
    block,
    comparable,
    forward,
    iteration,
    norms,
    of,
    parse,
    parse_in_pieces,
    real_log,
    say,
    settled,
)

PIECE = 64 * 1024


def pieces(data: bytes, size: int = PIECE) -> Iterator[bytes]:
    """Cut bytes into reads."""
    return (data[start : start + size] for start in range(0, len(data), size))


def iterations(log: str | bytes) -> list[int]:
    """Return the iterations of a log, after a check that no cut changes its events."""
    data = log.encode() if isinstance(log, str) else log
    events = parse(data)
    assert comparable(parse_in_pieces(pieces(data, 1))) == comparable(events)
    assert comparable(parse_in_pieces(pieces(data, 13))) == comparable(events)
    return [event.iteration for event in of(Iteration, events)]


class TestBytes:
    def test_invalid_utf8(self) -> None:
        """Foreign lines, torn characters and names in another encoding do no harm."""
        names = say("    [Forward] Layer \u8f93\u5165, top blob \u8f93\u5165 data: 1").encode()
        log = b"\xff\xfe\n" + names + names.replace(b"\xe8", b"\xff") + iteration(5).encode()

        assert iterations(log) == [5]
        assert len(of(Pass, parse(log))[0].blobs) == 2

    @pytest.mark.parametrize("size", [9, 3 << 20])
    def test_the_hole_that_copytruncate_leaves(self, size: int) -> None:
        """The writer goes on at its old offset; the line behind the NUL bytes is understood."""
        parser = Parser()
        log = bytes(size) + (SET_UP + iteration(0)).encode() + bytes(size)
        log += (block() + iteration(10)).encode()

        events = [event for piece in pieces(log) for event in parser.feed(piece)]

        assert [x.iteration for x in of(Iteration, events)] == [0, 10]
        assert (parser.line, parser.unrecognised) == (log.count(b"\n"), 0)
        assert (len(of(Pass, events)[0].values), parser.run_offset) == (4, 0)

    def test_crlf(self) -> None:
        """A log from Windows says what it says elsewhere."""
        log = real_log("r11_000_log_nan")
        unix, windows = Parser(0.0), Parser(0.0)

        same = windows.feed(log.replace(b"\n", b"\r\n")) + windows.close()

        assert comparable(same) == comparable(unix.feed(log) + unix.close())
        assert (windows.line, windows.unrecognised) == (unix.line, unix.unrecognised)

    @pytest.mark.parametrize("bar", [" 10%|#   |\r", "\r 10%|#   |\r 20%|##  |\r", "\r\r"])
    def test_a_progress_bar(self, bar: str) -> None:
        """It rewrites its line, and Caffe's stands behind the last of it."""
        bare = "Iteration 5, loss = 1\n"
        signal = "*** SIGTERM (@0x3e8) received by PID 1\n"

        assert iterations(SET_UP + bar + iteration(5)) == [5]
        assert iterations(bar + bare) == [5]
        assert [x.how for x in of(Ended, parse(SET_UP + bar + signal))] == ["terminated"]
        assert iterations(f"I1109 ...] {bare}{bar}I1109 ...] {bare}") == [5, 5]

    def test_carriage_returns_before_the_line_end(self) -> None:
        """Text mode twice over makes two of them; they end no line."""
        parser = Parser()
        parser.feed((iteration(5).strip() + "\r\r\nKilled\r\r\r\n").encode())

        assert (parser.line, parser.unrecognised) == (2, 0)

    @pytest.mark.parametrize("first", [SET_UP, "Log file created at: 2026/11/23 07:14:45\n"])
    def test_byte_order_mark(self, first: str) -> None:
        """An editor may have put it there."""
        log = "\ufeff" + first + iteration(5)

        assert iterations(log) == [5]
        assert of(RunStarted, parse(log))[0].time == of(RunStarted, parse(log[1:]))[0].time

    def test_utf_16(self) -> None:
        """PowerShell's redirection writes it."""
        assert iterations((SET_UP + iteration(5)).encode("utf-16")) == [5]

    def test_a_line_of_100_mb(self) -> None:
        """Costs next to nothing, and the lines around it are read."""
        parser = Parser()
        piece = b"x" * PIECE
        parser.feed((SET_UP + iteration(0)).encode())
        tracemalloc.start()

        events = [event for _ in range(1600) for event in parser.feed(piece)]
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        events += parser.feed(b"\n" + iteration(10).encode())

        assert peak < 6 * MAX_LINE
        assert [x.iteration for x in of(Iteration, events)] == [10]
        assert (parser.line, parser.unrecognised) == (len(SET_UP.splitlines()) + 3, 1)


class TestWriters:
    def test_foreign_text_before_a_prefix(self) -> None:
        """A program printed without a line end."""
        lines = (block() + iteration(5)).splitlines(keepends=True)
        log = block() + iteration(0) + "".join(f"batch {i} ok {x}" for i, x in enumerate(lines))

        assert iterations(log) == [0, 5]
        assert [x.values for x in of(Pass, parse(log))] == [[0.5, 0.5, 0.5, 0.25]] * 2

    @pytest.mark.parametrize(
        "foreign", ["print from a layer\n", say("Opened lmdb"), say("x", tid=7), "\n", " 50%\r\n"]
    )
    def test_a_line_in_the_midst_of_a_block(self, foreign: str) -> None:
        """Of whatever kind, between any two lines."""
        lines = block().splitlines(keepends=True)
        log = block() + iteration(0) + foreign.join(lines) + iteration(1)

        assert iterations(log) == [0, 1]
        assert [x.values for x in of(Pass, parse(log))] == [[0.5, 0.5, 0.5, 0.25]] * 2

    def test_two_ranks_end_their_blocks(self) -> None:
        """The other's norms are not this block's."""
        log = forward() + norms(7, 7, tid=2) + backward() + norms(tid=28228) + iteration(1)

        (found,) = of(Pass, parse(log))

        assert (len(found.values), found.norms and found.norms.l1) == (4, (9, 1))

    def test_lines_glued_together(self) -> None:
        """Of a torn line nothing can be trusted; what was written behind it counts."""
        whole = iteration(10).strip()
        lost = [say(x).strip() for x in ("Solving net", "Snapshotting to a.caffemodel")]
        log = SET_UP + lost[0] + lost[1] + whole + say("Iteration 10, lr = 0.01")

        events = parse(log)

        assert iterations(log) == []
        assert [x.iteration for x in of(LearningRate, events)] == [10]
        assert [x for x in events if getattr(x, "path", None)] == []

    def test_a_value_glued_to_another_line(self) -> None:
        """A value of 0.5 may have been 0.5e-3: it is left out, and the block goes on."""
        lines = block().splitlines(keepends=True)
        torn = lines[0] + lines[1].strip() + "".join(lines[2:])
        log = block() + iteration(0) + torn + iteration(1)

        assert [len(x.values) for x in of(Pass, parse(log))] == [4, 3]
        assert iterations(log) == [0, 1]

    def test_a_fatal_line_is_never_lost(self) -> None:
        """It counts, and so does the line that another thread wrote behind it."""
        log = SET_UP + say("Check failed: x", severity="F").strip() + iteration(5)

        (ended,) = of(Ended, parse(log))

        assert ended.reason.startswith("Check failed: x")
        assert iterations(log) == [5]


class TestNames:
    def test_test_nets(self) -> None:
        """A test net's number has two digits; of more nothing is remembered."""
        log = say("Iteration 0, Testing net (#12)") + say("    Test net output #0: a = 1")

        assert [x.net for x in of(Output, parse(log))] == ["test12"]
        assert [x.net for x in of(Output, parse(log.replace("#12", "#1234")))] == ["test0"]


def events_of(data: bytes, size: int) -> list[Event]:
    """Return the events of a log that is read in pieces of so many bytes."""
    return settled(parse_in_pieces(pieces(data, size)))


class TestCuts:
    @pytest.mark.parametrize("end", [b"\n", b"\r\n"])
    def test_byte_by_byte(self, end: bytes) -> None:
        """A small real log, whose net has a name in UTF-8."""
        log = real_log("r11_000_log_nan")[:60_000].replace(b"ip1", "\u5c42".encode())
        log = log.replace(b"\n", end)

        assert comparable(events_of(log, 1)) == comparable(events_of(log, len(log)))
