"""What must be remembered of a log to go on after a restart."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from caffewatch.tail.events import NOTHING, Before
from caffewatch.tail.identity import SAMPLE_SIZE, Digest, FileId, Known
from caffewatch.tail.reader import OpenFile

VERSION = 2


@dataclass(frozen=True, slots=True)
class PastFile:
    """A file that is not to be read, or no more; another one may get its inode.

    Parameters
    ----------
    tail, offset
        The bytes right before the offset to which its lines were read, 0 where they are not to be.
    """

    file: FileId
    head: Digest
    tail: Digest = field(default_factory=lambda: Digest.of(b""))
    offset: int = 0

    @classmethod
    def of(cls, known: Known) -> PastFile:
        """Be done with a file, as far as it was read."""
        return cls(known.file, known.head, known.tail, known.offset if known.has_line else 0)

    def begins(self, file: OpenFile) -> bool:
        """Tell whether another file begins with what was read, or is the beginning of that."""
        seen = file.seen(self.offset)
        if not self.offset or not self.head.matches(seen.head):
            return False
        is_piece = seen.size < self.offset and self.head.length == SAMPLE_SIZE
        return is_piece or Known(self.file, self.head, self.tail, self.offset).agrees(seen)


@dataclass(frozen=True, slots=True)
class FilePosition:
    r"""How far one physical file was read.

    Parameters
    ----------
    stream, continues
        The number of the file's stream, and of the one it took over from.
    path
        Where the file was last seen, links resolved.
    known
        Identity and content up to ``known.offset``, which is always just after a ``\n``.
    run_start
        Offset of the line where this stream's run began; None while it began in an earlier file.
    ended
        The file was rotated away and drained, and is only needed to re-read its run.
    before
        What stood before this stream's run in the log.
    """

    stream: int
    continues: int | None
    path: str
    known: Known
    run_start: int | None = None
    ended: bool = False
    before: Before = NOTHING


@dataclass(frozen=True, slots=True)
class Position:
    """Everything needed to follow a log on.

    Parameters
    ----------
    files
        Oldest first; the last one is the one behind the log's path.
    beside
        Files named like rotations of this log that are not to be read.
    past
        Files read to their end, oldest first.
    moved_to
        The path of the file with which the log goes on, where that is not the log's own.
    target
        Where the log's path led, if it is a link.
    last_stream
        The highest number of a stream as yet, which may be that of a file long gone.
    """

    files: tuple[FilePosition, ...]
    beside: tuple[PastFile, ...] = ()
    past: tuple[PastFile, ...] = ()
    moved_to: str | None = None
    target: str | None = None
    last_stream: int = 0

    @property
    def offset(self) -> int:
        """Bytes of complete lines taken from the file behind the log's path."""
        return self.files[-1].known.offset if self.files else 0

    def to_json(self) -> str:
        """Encode for the store."""
        value = {
            "version": VERSION,
            "files": [asdict(x) for x in self.files],
            "beside": [asdict(x) for x in self.beside],
            "past": [asdict(x) for x in self.past],
            "moved_to": self.moved_to,
            "target": self.target,
            "last_stream": self.last_stream,
        }
        return json.dumps(value, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Position:
        """Decode what `to_json` wrote.

        Raises
        ------
        ValueError
            The text is not such an encoding, or is one of another version.
        """
        try:
            value = json.loads(text)
            if value["version"] != VERSION:
                raise ValueError(f"version {value['version']}, expected {VERSION}")
            return cls(
                tuple(_file(x) for x in value["files"]),
                tuple(_past(x) for x in value["beside"]),
                tuple(_past(x) for x in value["past"]),
                value.get("moved_to"),
                value.get("target"),
                value.get("last_stream", max((x["stream"] for x in value["files"]), default=0)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not an encoded read position: {error!r}") from error


def needed_again(position: Position) -> set[int]:
    """Return the streams that hold the runs which go on: where they began, and all since."""
    by_stream = {x.stream: x for x in position.files}
    needed: set[int] = set()
    for file in position.files:
        step = None if file.ended and file is not position.files[-1] else file
        while step is not None and step.stream not in needed:
            needed.add(step.stream)
            before = step.continues if step.run_start is None else None
            step = by_stream.get(before) if before is not None else None
    return needed


def _file(value: dict[str, Any]) -> FilePosition:
    known, before = value.pop("known"), Before(*value.pop("before", NOTHING))
    return FilePosition(
        known=Known(
            FileId(*known["file"]),
            Digest(**known["head"]),
            Digest(**known["tail"]),
            known["offset"],
            known["has_line"],
        ),
        before=before,
        **value,
    )


def _past(value: dict[str, Any]) -> PastFile:
    file, head = FileId(*value["file"]), Digest(**value["head"])
    if "offset" not in value:  # so it was before there was an offset
        return PastFile(file, head)
    return PastFile(file, head, Digest(**value["tail"]), value["offset"])
