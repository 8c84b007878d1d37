"""Bytes of a log to events, incrementally: any cut of the bytes gives the same events."""

from __future__ import annotations

import hashlib
import re

from caffewatch.log import messages, setup
from caffewatch.log.debug_info import Blocks, Updates
from caffewatch.log.events import (
    TRAIN,
    Blob,
    Ended,
    Event,
    Iteration,
    Loaded,
    Moment,
    Norms,
    RunEnded,
    RunStarted,
    TestStarted,
)  # fmt: skip
from caffewatch.log.glog import Clock, Line, read_line
from caffewatch.log.grammar import number, recognise, recognise_raw
from caffewatch.log.lines import MAX_LINE, LineSplitter
from caffewatch.log.numbering import Numbering
from caffewatch.log.setup import SetUp
from caffewatch.log.shortcuts import Shortcuts

_SETUP = frozenset({"setup", "solver_dump", "training_net", "starting", "solving"})
"""Messages with which a run begins, once the run before has shown an iteration or an end."""
_TEST_RESULTS = frozenset({"test_output", "test_score", "test_over"})


class Parser:
    """Read one physical stream of log bytes.

    Parameters
    ----------
    reference
        A time near the log's own, seconds since the epoch as if it were UTC; see `Clock`.

    Attributes
    ----------
    line
        Number of lines read so far.
    unrecognised
        How many of them said nothing that Caffe says.
    time
        The last stamp read from a line that is no debug_info value.
    run_offset
        Where the current run's first line begins, in bytes from the start of what was fed. Where
        bytes were dropped before it (CRLF, NUL), at most one read earlier.
    """

    def __init__(self, reference: float | None = None) -> None:
        self.line = 0
        self.unrecognised = 0
        self.time: float | None = None
        self.run_offset = 0
        self._splitter = LineSplitter()
        self._clock = Clock(reference)
        self._blocks = Blocks()
        self._numbering = Numbering()
        self._events: list[Event] = []
        self._run: RunStarted | None = None
        self._runs = 0
        self._prefixed = False
        self._batch: tuple[list[bytes], int, int] = ([], 0, 0)
        self._shortcuts = Shortcuts()
        self._reset()

    def _reset(self) -> None:
        self._shown = False
        self._setup = SetUp()
        self._test = "test0"
        self._test_iteration: int | None = None
        self._updates = Updates()

    @property
    def position(self) -> int:
        """Bytes taken in up to the end of the last complete line."""
        return self._splitter.position

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes and return the events that they complete."""
        begin = self._splitter.position
        return self._read(self._splitter.feed(data), begin)

    def flush(self) -> list[Event]:
        """Take the unfinished last line as it is: nothing will complete it."""
        begin = self._splitter.position
        return self._read(self._splitter.flush(), begin)

    def close(self) -> list[Event]:
        """End the log: flush, judge the block that was cut off, and end the run."""
        events = self.flush()
        self._events = []
        self._end_run()
        return events + self._events

    def _read(self, lines: list[bytes], begin: int) -> list[Event]:
        self._events = []
        blocks = self._blocks
        index, count = 0, len(lines)
        while index < count:
            took = blocks.take(lines, index, self.line + 1)
            if took:
                index += took
                self.line += took
                if blocks.net != TRAIN and blocks.full:
                    self._close_block()
                continue
            self.line += 1
            self._batch = (lines, index, begin)
            self._take(lines[index][:MAX_LINE])
            index += 1
        self._batch = ([], 0, 0)
        return self._events

    def _take(self, raw: bytes) -> None:
        """Take one line that is not the debug_info line expected."""
        known = self._shortcuts.find(raw)
        if known is not None:
            self._message(*known)
            return
        line = read_line(raw)
        text = line.text
        if line.severity:
            self._prefixed = True
            self._end_dump()
            self._ensure_run(line)
            if line.severity == b"F":
                self._end(Ended(self.line, self._time(line), "crashed", _quote(text), fatal=True))
                return
            found = recognise(text)
        else:
            found = recognise_raw(text) or (None if self._prefixed else recognise(text))
            if found is not None and found[0].name not in ("", "header"):
                self._end_dump()
        if found is not None:
            self._shortcuts.learn(found[0], line)
            self._message(found[0].name, found[1], line)
        elif not self._setup.feed_dump(text) and text.strip():
            self.unrecognised += 1

    def _message(self, name: str, match: re.Match[str], line: Line) -> None:
        if not name:
            return
        if name == "header":
            self._clock.created(match.string)
            return
        self._current = line
        if self._run is None:
            if name in ("signal", "crash_line"):
                return
            self._start_run(line)
        if self._updates and not name.startswith("update"):
            self._events.append(self._updates.close(self._numbering.last))
        if name in _SETUP and self._shown:
            self._start_run(line)
        if name in messages.STATELESS:
            time = self._time(line) if name in messages.TIMED else None
            self._state(messages.STATELESS[name](self.line, time, match))
        elif name in messages.DEBUG:
            self._debug(*messages.DEBUG[name](match), line)
        elif name in setup.MESSAGES:
            self._events += self._setup.take(name, match, self.line)
        elif name in _TEST_RESULTS:
            self._test_result(name, match)
        elif name != "setup":
            getattr(self, f"_on_{name}")(match, line)

    def _time(self, line: Line) -> float | None:
        time = self._clock.seconds(line.date, line.clock)
        if time is not None:
            self.time = time
        return time

    # --- debug_info ---------------------------------------------------------------------------

    def _debug(self, blob: Blob, value: float, line: Line) -> None:
        self._events += self._setup.end_net(self.line)
        blocks = self._blocks
        if blob.phase == "backward" and blocks.net != TRAIN:
            blocks.turn()
        if blocks.begins_anew(blob):
            self._close_block()
        end = line.raw.rfind(b" %b: " % blob.quantity.encode()) + len(b" data: ")
        blocks.add(blob, value, line.raw, self.line, line.tid, slice(line.stamp_end, end))
        if blocks.net != TRAIN and blocks.full:
            self._close_block()

    def _on_norms(self, match: re.Match[str], line: Line) -> None:
        if self._blocks.open and self._blocks.belongs(line.tid):
            data1, diff1, data2, diff2 = map(number, match.groups())
            self._close_block(Norms((data1, diff1), (data2, diff2)))

    def _close_block(self, norms: Norms | None = None, complete: bool = True) -> None:
        done = self._blocks.close(self.line, norms, complete)
        if done is None:
            return
        if done.net == TRAIN:
            done.moment = self._numbering.moment()
        else:
            done.moment = Moment(self._test_iteration, estimated=False)
        self._events.append(done)

    def _on_update(self, match: re.Match[str], line: Line) -> None:
        self._updates.add(match[1], match[2], number(match[3]), number(match[4]), self.line)

    def _on_update_shared(self, match: re.Match[str], line: Line) -> None:
        self._updates.add(match[1], match[2], None, number(match[3]), self.line)

    # --- tests --------------------------------------------------------------------------------

    def _test_result(self, name: str, match: re.Match[str]) -> None:
        if self._blocks.net != TRAIN:
            self._close_block()
            self._blocks.switch(TRAIN)
        if name == "test_output":
            self._events.append(messages.output(self.line, self._test, match))
        elif name == "test_score":
            self._events.append(messages.score(self.line, self._test, match))

    def _on_output(self, match: re.Match[str], line: Line) -> None:
        self._events.append(messages.output(self.line, TRAIN, match))

    # --- what moves the run on ------------------------------------------------------------------

    def _state(self, event: Event) -> None:
        if isinstance(event, Iteration):
            self._on_iteration(event)
        elif isinstance(event, TestStarted):
            self._events += self._setup.end_net(self.line)
            self._close_block()
            self._shown = True
            self._test, self._test_iteration = event.net, event.iteration
            self._blocks.switch(event.net)
        elif isinstance(event, Loaded) and event.resumed:
            self._numbering.resume(messages.iteration_in(event.path))
        elif isinstance(event, Ended):
            self._end(event)
            return
        self._events.append(event)

    def _on_iteration(self, event: Iteration) -> None:
        self._events += self._setup.end_net(self.line)
        last = self._numbering.last
        if last is not None and event.iteration < last:
            self._start_run(self._current)
        self._close_block()
        if self._blocks.net != TRAIN:
            self._blocks.switch(TRAIN)
        self._numbering.settle(event.iteration)
        self._shown = True

    def _end(self, event: Ended) -> None:
        self._shown = True
        if event.fatal:
            self._close_block(complete=False)
        self._events.append(event)

    # --- runs -----------------------------------------------------------------------------------

    def _end_dump(self) -> None:
        for event in self._setup.end_dump(self.line):
            self._numbering.configure(event.parameters)
            self._events.append(event)

    def _ensure_run(self, line: Line) -> None:
        self._current = line
        if self._run is None:
            self._start_run(line)

    def _start_run(self, line: Line) -> None:
        self._end_run()
        self._reset()
        self._blocks.forget()
        self._shortcuts = Shortcuts()
        self._numbering = Numbering()
        self._runs += 1
        lines, index, begin = self._batch
        self.run_offset = begin + sum(map(len, lines[:index])) + index
        name = line.raw if line.date else b"%d:" % self.run_offset + line.raw
        run_id = hashlib.sha256(name).hexdigest()[:16]
        self._run = RunStarted(self.line, self._time(line), run_id, self._runs)
        self._events.append(self._run)

    def _end_run(self) -> None:
        if self._run is None:
            return
        self._end_dump()
        self._events += self._setup.end_net(self.line)
        if self._updates:
            self._events.append(self._updates.close(self._numbering.last))
        self._close_block(complete=False)
        self._events.append(RunEnded(self.line))
        self._run = None


def _quote(text: str) -> str:
    return " ".join(text.split())[: messages.MAX_QUOTE]
