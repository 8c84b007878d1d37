"""What a look at a log brings: bytes, ends of streams, and the log's condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from caffewatch.tail.identity import Change

Condition = Literal["readable", "missing", "unreadable"]


class Before(NamedTuple):
    """What its log had before a run: lines and runs."""

    lines: int
    runs: int


NOTHING = Before(0, 0)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of one physical file, in order, cut anywhere.

    Parameters
    ----------
    stream
        Number of the physical file within its log; a new one for each file.
    continues
        Stream of the file that came before this one, None for the first.
    offset
        Position in the file after the bytes.
    replay
        The bytes were taken in before the last restart, and are read again for the run's sake.
    before
        With the first bytes of a run that is read again: what stood before it.
    """

    stream: int
    continues: int | None
    data: bytes
    offset: int
    replay: bool = False
    before: Before = NOTHING

    @property
    def start(self) -> int:
        """Position in the file of the first byte."""
        return self.offset - len(self.data)


@dataclass(frozen=True, slots=True)
class Ended:
    """A stream is over: a fragment without end of line that is left of it stands by itself.

    ``replay``: so it was before the last restart already.
    """

    stream: int
    replay: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """All that one look at a log brought.

    Parameters
    ----------
    events
        In the order in which they are to be taken in.
    more
        The look stopped at its bound; there is more to read at once.
    condition, error
        Whether the path can be read now, and what stands against it. A file that has lost its name
        is read on all the same.
    changes
        Truncations, replacements and rotations noticed by this look.
    offset, lag
        Bytes read of the file behind the path; bytes known to be there and not yet read.
    patience
        Seconds until it is decided of a rotated file's unfinished line that its end will not come,
        None where there is none.
    """

    events: tuple[Chunk | Ended, ...]
    more: bool
    condition: Condition
    error: str | None
    changes: tuple[Change, ...]
    offset: int
    lag: int
    patience: float | None = None
