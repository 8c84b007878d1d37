"""Bytes of a log to events, incrementally: any cut of the bytes gives the same events."""

from __future__ import annotations

from typing import cast

from caffewatch.log.events import TRAIN, Event
from caffewatch.log.line_reader import LineReader
from caffewatch.log.lines import MAX_LINE, LineSplitter, Offsets
from caffewatch.log.rhythm import Rhythm
from caffewatch.log.stretch import Stretch


class Parser(LineReader):
    """Read the bytes of a log.

    A log that is rotated in the middle of a run comes as several physical streams, which may even
    take turns; lines are put together for each by itself, so that none is glued to another's.

    Parameters
    ----------
    reference
        A time near the log's own, seconds since the epoch as if it were UTC; see `Clock`.
    """

    def __init__(self, reference: float | None = None) -> None:
        super().__init__(reference)
        self._splitters: dict[int, LineSplitter] = {}

    def feed(self, data: bytes, stream: int = 0, start: int = 0) -> list[Event]:
        """Take bytes of a stream and return the events that they complete.

        Parameters
        ----------
        start
            Where in its file the stream's first bytes lie.
        """
        splitter = self._splitters.setdefault(stream, LineSplitter(start))
        offsets = Offsets(splitter.position, splitter.seen, data)
        return cast(list[Event], self._read(splitter.feed(data), offsets))

    def sweep(
        self, data: bytes, stream: int = 0, start: int = 0, hold: bool = False
    ) -> list[Event | Stretch]:
        """Take bytes as `feed` does, but return displays that are all alike as stretches.

        Parameters
        ----------
        hold
            Whether displays that are too few to be read together may wait for the next bytes, or
            for the end.
        """
        splitter = self._splitters.setdefault(stream, LineSplitter(start))
        held, splitter.held = splitter.held, []
        offsets = Offsets(splitter.position, splitter.seen, data, held)
        lines = held + splitter.feed(data)
        return self._read(lines, offsets, self._rhythm, splitter if hold else None)

    def flush(self, stream: int = 0) -> list[Event]:
        """Take a stream's unfinished last line as it is: nothing will complete it."""
        splitter = self._splitters.pop(stream, None)
        if splitter is None:
            return []
        offsets = Offsets(splitter.position, splitter.seen, b"", splitter.held)
        return cast(list[Event], self._read(splitter.held + splitter.flush(), offsets))

    def close(self) -> list[Event]:
        """End the log: flush, judge the block that was cut off, and end the run."""
        events = [event for stream in list(self._splitters) for event in self.flush(stream)]
        self._end_run()
        return events + cast(list[Event], self._taken())

    def _read(
        self, lines: list[bytes], offsets: Offsets, rhythm: Rhythm | None = None,
        holding: LineSplitter | None = None,
    ) -> list[Event | Stretch]:  # fmt: skip
        self._offsets = offsets
        blocks = self._passes.blocks
        index, count = 0, len(lines)
        while index < count:
            if self._display_ended:
                self._display_ended = False
                if rhythm is not None and (took := self._sweep(rhythm, lines, index)):
                    index += took
                    continue
                if holding and holding.is_exact and self._rhythm.awaits(count - index):
                    holding.held, self._display_ended = lines[index:], True
                    break
            raw = lines[index][:MAX_LINE]
            known = self._shortcuts.find(raw)
            if known is None and (took := blocks.take(lines, index, self.line + 1)):
                index += took
                self.line += took
                if blocks.net != TRAIN:
                    self._events += self._passes.close_full_test(self.line)
                continue
            self.line, self._index, index = self.line + 1, index, index + 1
            if known is None:
                self._take(raw)
            else:
                self._frequent(*known)
        self._offsets = Offsets(0, 0, b"")
        return self._taken()

    def _sweep(self, rhythm: Rhythm, lines: list[bytes], index: int) -> int:
        """Take displays like the one that has just ended; return how many lines they are."""
        if self._setup.dumping or self._trace.is_open or self._doubtful:
            return 0
        before = self._passes.numbering.last
        tools = self._passes, self._shortcuts, self._clock
        stretch = rhythm.sweep(lines, index, self.line + 1, *tools)
        if stretch is None:
            return 0
        self._events.append(stretch)
        self._writers.skip(before, stretch.iterations[-1])
        took = stretch.line - self.line
        self.unrecognised += rhythm.unrecognised
        self.line, self._display_ended = stretch.line, True
        return took

    def _taken(self) -> list[Event | Stretch]:
        events, self._events = self._events, []
        return events
