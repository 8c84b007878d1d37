"""Bytes of a log to events, incrementally: any cut of the bytes gives the same events."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from caffewatch.log import messages, prototxt
from caffewatch.log.debug_info import Blocks
from caffewatch.log.events import (
    TRAIN, Blob, Ended, Event, Iteration, Loaded, Moment, NetRead, Norms, Pass, RunEnded,
    RunStarted, SolverRead, TestStarted, Update,
)  # fmt: skip
from caffewatch.log.glog import Clock, Prefix, read_prefix
from caffewatch.log.grammar import number, recognise, recognise_raw
from caffewatch.log.lines import MAX_LINE, LineSplitter
from caffewatch.log.numbering import Numbering
from caffewatch.log.topology import NetBuilder

_SETUP = frozenset({"setup", "solver_dump", "training_net", "starting", "solving"})
"""Messages with which a run begins, once the run before has shown an iteration or an end."""
_TEST_RESULTS = frozenset({"test_output", "test_score", "test_over"})


class _Line(NamedTuple):
    raw: bytes
    prefix: Prefix | None
    time: float | None


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
        self._reset()

    def _reset(self) -> None:
        self._shown = False
        self._dump: prototxt.Reader | NetBuilder | None = None
        self._builder: tuple[str, NetBuilder] | None = None
        self._nets: set[str] = set()
        self._test = "test0"
        self._test_iteration: int | None = None
        self._updates: list[tuple[Blob, float, int]] = []

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
        """Take one line that is not the one expected."""
        prefix = read_prefix(raw)
        text = raw[prefix.end if prefix else 0 :].decode("utf-8", "replace")
        line = _Line(raw, prefix, self._clock.seconds(prefix.stamp) if prefix else None)
        if prefix is not None:
            self.time = line.time if line.time is not None else self.time
            self._prefixed = True
            self._end_dump()
            self._ensure_run(line)
            if prefix.severity == b"F":
                self._end(Ended(self.line, line.time, "crashed", _quote(text), fatal=True))
                return
            found = recognise(text)
        else:
            found = recognise_raw(text) or (None if self._prefixed else recognise(text))
            if found is not None and found[0] not in ("", "header"):
                self._end_dump()
        if found is not None:
            self._message(found[0], found[1], line)
        elif self._dump is not None:
            self._dump.dump(text) if isinstance(self._dump, NetBuilder) else self._dump.feed(text)
        elif text.strip():
            self.unrecognised += 1

    def _message(self, name: str, match: re.Match[str], line: _Line) -> None:
        if not name:
            return
        if name == "header":
            self._clock.created(match.string)
            return
        if line.prefix is None and (self._run is not None or name not in ("signal", "crash_line")):
            self._ensure_run(line)
        if self._run is None:
            return
        if self._updates and not name.startswith("update"):
            self._close_updates()
        if name in messages.DEBUG:
            self._debug(*messages.DEBUG[name](match), match, line)
        elif name in messages.STATELESS:
            if name in _SETUP:
                self._begin_setup(line)
            self._state(messages.STATELESS[name](self.line, line.time, match))
        elif name in _TEST_RESULTS:
            self._test_result(name, match)
        else:
            getattr(self, f"_on_{name}")(match, line)

    # --- debug_info ---------------------------------------------------------------------------

    def _debug(self, blob: Blob, value: float, match: re.Match[str], line: _Line) -> None:
        self._end_net()
        blocks = self._blocks
        if blob.phase == "backward" and blocks.net != TRAIN:
            blocks.turn()
        if blocks.begins_anew(blob):
            self._close_block()
        prefix = line.prefix
        start = prefix.end - len(match.string) if prefix else 0
        start, tid = 0, b""
        if prefix is not None:
            tid = prefix.tid
            if prefix.stamp is not None and line.raw[1:].startswith(prefix.stamp[0]):
                start = len(prefix.stamp[0]) + len(prefix.stamp[1]) + len("I  ")
        value_at = line.raw.rfind(b" data: " if blob.quantity == "data" else b" diff: ") + 7
        blocks.add(blob, value, line.raw, self.line, tid, slice(start, value_at))
        if blocks.net != TRAIN and blocks.full:
            self._close_block()

    def _on_norms(self, match: re.Match[str], line: _Line) -> None:
        tid = line.prefix.tid if line.prefix else b""
        if self._blocks.open and self._blocks.belongs(tid):
            data1, diff1, data2, diff2 = (number(match[i]) for i in range(1, 5))
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

    def _on_update(self, match: re.Match[str], line: _Line) -> None:
        for quantity, value in (("data", match[3]), ("diff", match[4])):
            self._add_update(match[1], match[2], quantity, value)

    def _on_update_shared(self, match: re.Match[str], line: _Line) -> None:
        self._add_update(match[1], match[2], "diff", match[3])

    def _add_update(self, layer: str, param: str, quantity: str, value: str) -> None:
        blob = Blob("update", layer, "param", param, quantity)
        self._updates.append((blob, number(value), self.line))

    def _close_updates(self) -> None:
        blobs, values, lines = zip(*self._updates, strict=True)
        self._updates = []
        moment = Moment(self._numbering.last, estimated=False)
        self._events.append(Update(lines[-1], TRAIN, blobs, list(values), list(lines), moment))

    # --- tests --------------------------------------------------------------------------------

    def _test_result(self, name: str, match: re.Match[str]) -> None:
        if self._blocks.net != TRAIN:
            self._close_block()
            self._blocks.switch(TRAIN)
        if name == "test_output":
            self._events.append(messages.output(self.line, self._test, match))
        elif name == "test_score":
            self._events.append(messages.score(self.line, self._test, match))

    def _on_output(self, match: re.Match[str], line: _Line) -> None:
        self._events.append(messages.output(self.line, TRAIN, match))

    # --- what moves the run on ------------------------------------------------------------------

    def _state(self, event: Event) -> None:
        if isinstance(event, Iteration):
            self._on_iteration(event)
        elif isinstance(event, TestStarted):
            self._end_net()
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
        self._end_net()
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

    def _ensure_run(self, line: _Line) -> None:
        self._current = line
        if self._run is None:
            self._start_run(line)

    def _begin_setup(self, line: _Line) -> None:
        if self._shown:
            self._start_run(line)

    def _start_run(self, line: _Line) -> None:
        self._end_run()
        self._reset()
        self._blocks.forget()
        self._numbering = Numbering()
        self._runs += 1
        lines, index, begin = self._batch
        self.run_offset = begin + sum(map(len, lines[:index])) + index
        stamped = line.prefix is not None and line.prefix.stamp is not None
        name = line.raw if stamped else b"%d:" % self.run_offset + line.raw
        run_id = hashlib.sha256(name).hexdigest()[:16]
        self._run = RunStarted(self.line, line.time, run_id, self._runs)
        self._events.append(self._run)

    def _end_run(self) -> None:
        if self._run is None:
            return
        self._end_dump()
        self._end_net()
        if self._updates:
            self._close_updates()
        self._close_block(complete=False)
        self._events.append(RunEnded(self.line))
        self._run = None

    # --- set-up ---------------------------------------------------------------------------------

    def _on_setup(self, match: re.Match[str], line: _Line) -> None:
        self._begin_setup(line)

    def _on_solver_dump(self, match: re.Match[str], line: _Line) -> None:
        self._begin_setup(line)
        self._dump = prototxt.Reader()

    def _on_training_net(self, match: re.Match[str], line: _Line) -> None:
        self._begin_setup(line)
        self._begin_net(TRAIN)

    def _on_testing_net(self, match: re.Match[str], line: _Line) -> None:
        self._begin_net(f"test{match[1] or 0}")

    def _on_net_dump(self, match: re.Match[str], line: _Line) -> None:
        if self._builder is None and TRAIN not in self._nets:
            self._builder = (TRAIN, NetBuilder())
        self._dump = self._builder[1] if self._builder else NetBuilder()

    def _begin_net(self, name: str) -> None:
        self._end_net()
        self._builder = (name, NetBuilder()) if name not in self._nets else None

    def _end_dump(self) -> None:
        dump, self._dump = self._dump, None
        if isinstance(dump, prototxt.Reader):
            parameters = {
                name: ",".join(found) for name in dump.root if (found := prototxt.texts(dump.root, name))
            }
            self._numbering.configure(parameters)
            self._events.append(SolverRead(self.line, parameters))

    def _end_net(self) -> None:
        builder, self._builder = self._builder, None
        if builder is None:
            return
        name, net = builder
        if name == TRAIN and net.testing:
            return
        self._nets.add(name)
        self._events.append(NetRead(self.line, name, net.build()))

    def _on_net_done(self, match: re.Match[str], line: _Line) -> None:
        self._end_net()

    def _on_typed_layer(self, match: re.Match[str], line: _Line) -> None:
        if self._builder:
            self._builder[1].typed(match[1], match[2])

    def _on_create_layer(self, match: re.Match[str], line: _Line) -> None:
        if self._builder:
            self._builder[1].create(match[1])

    def _on_reads(self, match: re.Match[str], line: _Line) -> None:
        if self._builder:
            self._builder[1].reads(match[2])

    def _on_writes(self, match: re.Match[str], line: _Line) -> None:
        if self._builder:
            self._builder[1].writes(match[2])

    def _on_backward_needed(self, match: re.Match[str], line: _Line) -> None:
        if self._builder:
            self._builder[1].backward(match[1], match[2] == "needs")


def _quote(text: str) -> str:
    return " ".join(text.split())[: messages.MAX_QUOTE]
