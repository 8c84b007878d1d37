"""A follower under test: looks at a log and keeps what arrived, stream by stream."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from caffewatch.tail.events import Chunk, Ended, Look
from caffewatch.tail.follower import LogFollower
from caffewatch.tail.identity import Change
from caffewatch.tail.position import Position

NOW = 1.8e9


class Reader:
    """Plays the daemon: takes chunks in, keeps positions, restarts."""

    def __init__(
        self, path: Path, saved: Position | None = None,
        start_at: Literal["beginning", "end"] = "beginning", rewind: bool = False,
        held: dict[int, int] | None = None,
    ) -> None:  # fmt: skip
        self.path = path
        self.follower = LogFollower(
            str(path), saved, start_at=start_at, rewind=rewind or bool(held)
        )
        self.follower.hold(held or {})
        self.now = NOW
        self.chunks: list[Chunk] = []
        self.events: list[Chunk | Ended] = []
        self.changes: list[Change] = []
        self.look_result: Look | None = None

    def look(self, after: float = 1.0) -> bytes:
        """Look until there is no more, and return the bytes that are new."""
        self.now += after
        before = len(self.chunks)
        while self.look_once().more:
            pass
        return b"".join(x.data for x in self.chunks[before:])

    def look_once(self) -> Look:
        """Look, and leave it at that where there is more."""
        look = self.look_result = self.follower.look(self.now)
        self.events += look.events
        self.chunks += [x for x in look.events if isinstance(x, Chunk)]
        self.changes += look.changes
        return look

    def restart(self, rewind: bool = False, held: dict[int, int] | None = None) -> Reader:
        """Go on as a new process that knows only what was saved."""
        saved = Position.from_json(self.follower.position().to_json())
        self.follower.close()
        reader = Reader(self.path, saved, rewind=rewind, held=held)
        reader.now = self.now
        return reader

    def streams(self, live: bool = False) -> dict[int, bytes]:
        """Return what arrived from each stream, in the order of their first chunks."""
        data: dict[int, bytes] = {}
        for chunk in self.chunks:
            if live and chunk.replay:
                continue
            data[chunk.stream] = data.get(chunk.stream, b"") + chunk.data
        return data

    @property
    def condition(self) -> str:
        """The condition that the last look reported."""
        assert self.look_result is not None
        return self.look_result.condition


def append(path: Path, data: bytes) -> None:
    """Write to the end of a file, made when missing."""
    with path.open("ab") as file:
        file.write(data)
