"""Which monitor reads which file: a run may go on in the next one, or begin anew in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from caffewatch.log.start import begins_run
from caffewatch.monitor import Monitor
from caffewatch.tail.events import Chunk

_KEPT = 8
"""Runs in files of their own whose late lines can still be judged with the rest."""
_STREAMS_KEPT = 256
HEAD_PATIENCE = 0.25
"""Seconds for which a new file may leave it open whether a run begins in it."""


class Monitors:
    """The monitors of one log, by the stream of the file that they read.

    A file that begins in the midst of a run goes on with the monitor of the file before it; one
    that begins with a run's set-up gets its own, and late lines of the old file stay with the old.

    Parameters
    ----------
    make
        Makes a monitor that has read nothing.

    Attributes
    ----------
    latest
        The monitor of the newest run, None before the first byte.
    """

    def __init__(self, make: Callable[[], Monitor]) -> None:
        self.latest: Monitor | None = None
        self._make = make
        self._by_stream: dict[int, Monitor] = {}
        self._heads: dict[int, list[Chunk]] = {}
        self._head_since = 0.0

    def __iter__(self) -> Iterator[Monitor]:
        return iter(dict.fromkeys(self._by_stream.values()))

    @property
    def by_age(self) -> list[Monitor]:
        """All of them, that of the newest run last."""
        earlier = [x for x in self if x is not self.latest]
        return earlier if self.latest is None else [*earlier, self.latest]

    @property
    def by_stream(self) -> dict[int, Monitor]:
        """Every stream's monitor."""
        return dict(self._by_stream)

    @property
    def open_streams(self) -> list[int]:
        """Streams of which it is open whose run they hold; nothing of them was taken in."""
        return list(self._heads)

    def restore(self, by_stream: Mapping[int, Monitor], latest: Monitor) -> None:
        """Take up what an earlier process had."""
        self._by_stream, self.latest = dict(by_stream), latest

    def of(self, stream: int) -> Monitor | None:
        """Return the monitor of a stream; None while it is open, or long forgotten."""
        return self._by_stream.get(stream)

    def before(self, stream: int | None) -> Monitor | None:
        """Return the monitor of the stream, or of the last one before it that said anything."""
        earlier = [x for x in self._by_stream if stream is not None and x <= stream]
        return self._by_stream[max(earlier)] if earlier else None

    def receive(self, chunk: Chunk, now: float) -> list[Chunk]:
        """Decide whose run a new stream holds; return its chunks once that is known.

        They are to be fed to the monitor `of` the stream then. Whether a run began in it is told by
        `latest` having changed.
        """
        held = [*self._heads.pop(chunk.stream, ()), chunk]
        before = self.before(chunk.continues)
        if before is None:
            # Late lines of a run that is long forgotten are no new run.
            is_late = self.latest is not None and chunk.continues is not None
            return self._adopt(held, self._make() if is_late else None)
        own = begins_run(b"".join(x.data for x in held))
        if own is None:
            self._head_since = self._head_since if self._heads else now
            self._heads[chunk.stream] = held
            return []
        return self._adopt(held, None if own else before)

    def decide(self, now: float) -> list[Chunk]:
        """Take what has left it open for too long as going on; return its chunks."""
        if 0 <= now - self._head_since < HEAD_PATIENCE:
            return []
        whole = [n for n, x in self._heads.items() if any(b"\n" in y.data for y in x)]
        return [piece for stream in whole for piece in self.give_up_on(stream)]

    def give_up_on(self, stream: int) -> list[Chunk]:
        """Take a stream that is over, or has left it open, as going on; return its chunks."""
        held = self._heads.pop(stream, None)
        return self._adopt(held, self.before(held[0].continues)) if held else []

    def _adopt(self, held: list[Chunk], monitor: Monitor | None) -> list[Chunk]:
        """Make a monitor answer for a stream: the given one, or a new one."""
        if monitor is None:
            self.latest = monitor = self._make()
        self._by_stream[held[0].stream] = monitor
        newest = list(self._by_stream.items())[-_STREAMS_KEPT:]
        kept = list(dict.fromkeys(x for _, x in reversed(newest)))[:_KEPT]
        self._by_stream = {stream: x for stream, x in newest if x in kept}
        return held
