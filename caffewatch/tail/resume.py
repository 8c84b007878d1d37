"""Taking a log up where an earlier process stopped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from caffewatch.tail.position import FilePosition, PastFile, Position, needed_again
from caffewatch.tail.reader import OpenFile, if_there, resolved
from caffewatch.tail.siblings import find, neighbours


@dataclass(frozen=True, slots=True)
class Resumption:
    """What of the bytes before a saved position is to be delivered again.

    Parameters
    ----------
    rewind
        The run that goes on, from its beginning.
    held
        With ``rewind``, how far each stream is held in another way: stream -> offset.
    """

    rewind: bool
    held: Mapping[int, int]

    def start(self, saved: FilePosition, goes_on: bool) -> int:
        """Return the offset from which a file is to be read; ``goes_on``: a run in it does."""
        held = self.held.get(saved.stream)
        is_newer = saved.stream > max(self.held, default=0)
        if held is None and self.rewind and is_newer and goes_on:
            held = saved.run_start or 0
        return saved.known.offset if held is None else min(held, saved.known.offset)


@dataclass(frozen=True, slots=True)
class Found:
    """A saved file that is there again, and where to begin in it."""

    file: OpenFile
    saved: FilePosition
    start: int


def find_again(saved: Position, path: str, resumption: Resumption) -> list[Found]:
    """Open the saved files, wherever they are by now, oldest first.

    Raises
    ------
    OSError
        The newest one cannot be found, and nothing else is at the path: a folder that is not
        mounted yet, perhaps.
    """
    opened: dict[int, OpenFile] = {}
    try:
        for position in reversed(saved.files):
            # A few bytes that never became a line could be the beginning of any other file.
            if position.known.has_line or not position.ended:
                places = dict.fromkeys((position.path, path, saved.target or path))
                near = dict.fromkeys(name for place in places for name in neighbours(place))
                file = find(position.known, near, [x.id for x in opened.values()])
                if file is not None:
                    others = list(opened.values())
                    opened[position.stream] = file
                    if _is_another(file, position, path, saved, others):
                        opened.pop(position.stream).close()
        if saved.files and saved.files[-1].stream not in opened:
            OpenFile.open(path).close()
    except OSError:
        for file in opened.values():
            file.close()
        raise
    going_on = needed_again(saved)
    return [
        Found(opened[x.stream], x, resumption.start(x, x.stream in going_on))
        for x in saved.files
        if x.stream in opened
    ]


def _is_another(
    file: OpenFile, position: FilePosition, path: str, saved: Position, others: Iterable[OpenFile]
) -> bool:
    """Tell whether another file has got the inode of one of which nothing else is known."""
    is_at_path, is_newest = file.path == resolved(path), position is saved.files[-1]
    if position.known.has_line or (is_newest and is_at_path):
        return False
    if is_at_path:
        return True
    if file.path == position.path:
        return False
    read = (*saved.past, *(PastFile.of(x.known) for x in saved.files))
    if any(x.begins(file) for x in read) or any(x.holds(file) for x in others):
        return True
    with if_there, OpenFile.open(path) as current:
        return current.id != file.id and current.holds(file)
    return False
