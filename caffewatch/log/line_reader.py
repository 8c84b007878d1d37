"""What single lines of a log say: messages to events, run by run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from caffewatch.log import messages, passes, setup
from caffewatch.log.events import TRAIN, Ended, Event, RunEnded, RunStarted, WentOn
from caffewatch.log.glog import Clock, Line, glued, read_line
from caffewatch.log.grammar import is_foreign, recognise, recognise_raw
from caffewatch.log.lines import Offsets
from caffewatch.log.passes import Passes
from caffewatch.log.prototxt import is_field
from caffewatch.log.rhythm import Rhythm
from caffewatch.log.setup import SetUp
from caffewatch.log.shortcuts import Shortcuts
from caffewatch.log.stretch import Stretch
from caffewatch.log.trace import Trace
from caffewatch.log.writers import Writers

_SETUP = frozenset({"setup", "solver_dump", "training_net", "starting", "solving"})
"""Messages with which a run begins, once the run before has shown an iteration or an end."""
_WITHOUT_RUN = frozenset(
    {"", "signal", "crash_line", "ended_outside", "shell_line", "traceback", "no_end", "reads",
     "writes", "backward_needed"}
)  # fmt: skip
"""Messages that are too much like what a shell prints to begin a run."""

Match = Any  # of text, or of bytes from a place that is known


class LineReader:
    """Read lines one at a time, each in the light of those before it.

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
    run_offset
        Where the current run's first line begins in its file.
    """

    def __init__(self, reference: float | None = None) -> None:
        self.line = 0
        self.unrecognised = 0
        self.run_offset = 0
        self._clock = Clock(reference)
        self._passes = Passes()
        self._events: list[Event | Stretch] = []
        self._run: RunStarted | None = None
        self._runs = 0
        self._prefixed = False
        self._offsets = Offsets(0, 0, b"")
        self._index = self._inset = 0
        self._shortcuts = Shortcuts()
        self._rhythm = Rhythm()
        self._display_ended = self._shown = False
        self._setup = SetUp()
        self._doubtful = self._certain = False
        self._trace = Trace()
        self._writers = Writers()

    def begin_behind(self, lines: int, runs: int) -> None:
        """Count lines and runs on from those before the first byte that is to come."""
        self.line, self._runs = lines, runs

    @property
    def before_run(self) -> tuple[int, int]:
        """How many lines, and how many runs, came before the current run."""
        run = self._run
        return (0, 0) if run is None else (run.line - 1, run.ordinal - 1)

    @property
    def time(self) -> float | None:
        """The last stamp read from a line that is no debug_info value."""
        return self._clock.last

    def _take(self, raw: bytes) -> None:
        """Take one line that is neither the debug_info line expected nor of a known place."""
        if self._prefixed and self._setup.dumping:
            if is_field(raw):
                self._setup.feed_dump(raw.decode())
                return
        elif self._prefixed and not self._trace.is_open and is_foreign(raw):
            self.unrecognised += 1
            return
        line = read_line(raw)
        if not line.severity:
            self._take_bare(line)
            return
        self._prefixed = True
        self._end_dump()
        rest = glued(line)
        if not rest or line.severity == b"F":
            self._take_prefixed(line)
        if rest:
            self._inset = len(raw) - len(rest)
            self._take(rest)
            self._inset = 0

    def _take_prefixed(self, line: Line) -> None:
        self._current = line
        if self._run is None:
            self._start_run(line)
        if line.severity == b"F":
            self._ended(messages.fatal(self.line, self._clock.of(line), line.text))
        elif (found := recognise(line.text)) is not None:
            self._shortcuts.learn(found[0], line)
            self._message(found[0].name, found[1], line)
        elif line.text.strip():
            self.unrecognised += 1

    def _take_bare(self, line: Line) -> None:
        text = line.text
        found = recognise_raw(text) or (None if self._prefixed else recognise(text))
        if found is not None:
            if found[0].name not in ("", "header"):
                self._end_dump()
            self._message(found[0].name, found[1], line)
        elif not self._setup.feed_dump(text) and text.strip():
            self.unrecognised += 1
            if self._trace.names_exception(text):
                self._ended(messages.raised(self.line, text))

    def _message(self, name: str, match: Match, line: Line) -> None:
        """Take a message by its pattern's name; "" is one that means nothing."""
        self._current = line
        if self._run is None and name != "header":
            if name in _WITHOUT_RUN:
                return
            self._start_run(line)
        if self._passes.updates.rows and name not in messages.UPDATES:
            self._events += self._passes.close_updates()
        if name in _SETUP and self._shown:
            self._start_run(line)
        _HANDLERS[name](self, name, match, line)

    def _frequent(self, name: str, match: Match, line: Line) -> None:
        """Take a message of a place that is known; the run has begun, and set-up is over."""
        self._current = line
        if self._passes.updates.rows:
            self._events += self._passes.close_updates()
        _HANDLERS[name](self, name, match, line)

    # --- one method for each kind of message ----------------------------------------------------

    def _header(self, name: str, match: Match, line: Line) -> None:
        self._clock.created(match.string)

    def _event(self, name: str, match: Match, line: Line) -> None:
        time = self._clock.of(line) if name in messages.TIMED else None
        self._events.append(messages.STATELESS[name](self.line, time, match))

    def _ignored(self, name: str, match: Match, line: Line) -> None:
        if not self._shown:  # forks say it before each test, too, of layers that only train
            self._event(name, match, line)

    def _debug_info(self, name: str, match: Match, line: Line) -> None:
        self._end_net()
        self._events += self._passes.take(name, match, line, self.line)

    def _set_up(self, name: str, match: Match, line: Line) -> None:
        self._events += self._setup.take(name, match, self.line)

    def _output(self, name: str, match: Match, line: Line) -> None:
        self._events.append(
            messages.output(self.line, self._clock.seconds(line.date, line.clock), TRAIN, match)
        )

    def _test_output(self, name: str, match: Match, line: Line) -> None:
        self._test_over(name, match, line)
        read = messages.score if name == "test_score" else messages.output
        self._events.append(read(self.line, self._clock.of(line), self._passes.test, match))

    def _test_over(self, name: str, match: Match, line: Line) -> None:
        self._events += self._passes.end_test(self.line)

    def _iteration(self, name: str, match: Match, line: Line) -> None:
        event = messages.iteration(self.line, self._clock.seconds(line.date, line.clock), match)
        self._number(event.iteration)
        self._end_net()
        self._events += self._passes.settle(event)
        self._events.append(event)
        self._shown = True

    def _learning_rate(self, name: str, match: Match, line: Line) -> None:
        event = messages.learning_rate(self.line, self._clock.seconds(line.date, line.clock), match)
        self._number(event.iteration)
        self._events.append(event)
        self._display_ended = self._shown and self._setup.builder is None

    def _testing(self, name: str, match: Match, line: Line) -> None:
        event = messages.testing(self.line, self._clock.of(line), match)
        self._number(event.iteration)
        self._end_net()
        self._events += self._passes.begin_test(event.net, event.iteration, self.line)
        self._events.append(event)
        self._shown = True

    def _resumed(self, name: str, match: Match, line: Line) -> None:
        self._passes.numbering.resume(messages.iteration_in(match[1]))
        self._events.append(messages.resumed(self.line, None, match))

    def _end(self, name: str, match: Match, line: Line) -> None:
        self._ended(messages.ENDS[name](self.line, self._clock.of(line), match))

    # --- what moves the run on ------------------------------------------------------------------

    def _number(self, iteration: int) -> None:
        """Take the number that a line names; one that falls back is another run's."""
        last, writer = self._passes.numbering.last, self._current.tid
        if self._writers.falls_back(writer, iteration, last):
            self._start_run(self._current)
        self._passes.numbering.current = iteration
        if self._doubtful:
            self._doubtful = False
            self._events.append(WentOn(self.line))

    def _ended(self, event: Ended) -> None:
        self._shown = True
        self._certain = self._certain or not event.doubtful
        self._doubtful = not self._certain
        if event.fatal:
            self._events += self._passes.close(self.line, complete=False)
        self._events.append(event)

    def _end_net(self) -> None:
        if self._setup.builder is not None:
            self._events += self._setup.end_net(self.line)

    def _end_dump(self) -> None:
        for event in self._setup.end_dump(self.line):
            self._passes.numbering.configure(event.parameters)
            self._events.append(event)

    def _start_run(self, line: Line) -> None:
        self._end_run()
        self._shown = self._doubtful = self._certain = False
        self._setup = SetUp()
        self._passes.forget()
        self._shortcuts.forget()
        self._rhythm.forget()
        self._runs += 1
        self.run_offset = self._offsets.of(self._index) + self._inset
        tid = line.tid.decode("ascii", "replace")
        run_id = line.identity(self.run_offset)
        self._run = RunStarted(self.line, self._clock.of(line), run_id, self._runs, tid)
        self._events.append(self._run)

    def _end_run(self) -> None:
        if self._run is None:
            return
        self._end_dump()
        self._end_net()
        self._events += self._passes.end(self.line)
        self._events.append(RunEnded(self.line))
        self._run = None


_HANDLERS: dict[str, Callable[[LineReader, str, Any, Line], None]] = {
    **dict.fromkeys(messages.STATELESS, LineReader._event),
    **dict.fromkeys(messages.ENDS, LineReader._end),
    **dict.fromkeys(passes.MESSAGES, LineReader._debug_info),
    **dict.fromkeys(setup.MESSAGES, LineReader._set_up),
    **dict.fromkeys(("", "setup"), lambda *_: None),
    "header": LineReader._header,
    "traceback": lambda reader, *_: reader._trace.begin(),
    "no_end": lambda reader, *_: reader._trace.excuse(),
    "ignored_layer": LineReader._ignored,
    "iteration": LineReader._iteration,
    "learning_rate": LineReader._learning_rate,
    "testing": LineReader._testing,
    "resumed": LineReader._resumed,
    "output": LineReader._output,
    **dict.fromkeys(("test_output", "test_score"), LineReader._test_output),
    "test_over": LineReader._test_over,
}
"""Pattern name -> method that takes it."""
