"""Files that are closed while they are silent, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from caffewatch.tail.reader import OpenFile
from caffewatch.tail.siblings import find_itself, identities, neighbours
from caffewatch.tail.source import Source

LOST_PATIENCE = 3600.0
"""Seconds until a rotated file that is nowhere to be found is done with."""
SEARCH_EVERY = 60.0


def unpark(
    sources: Iterable[Source],
    path: str,
    now: float,
    fail: Callable[[Source, OSError], None],
    is_read: Callable[[OpenFile, Source], bool],
) -> list[Source]:
    """Open parked files again that were written to, wherever they are by now.

    Parameters
    ----------
    sources
        The parked files of a log; the newest one's fate is told by the log's path instead, and so
        it should not be among them where it has lost its name.
    path
        The log's path.
    fail
        Told of files that are there but cannot be opened.
    is_read
        Tells whether what is in a file is read as another one than the source.

    Returns
    -------
    list
        Those that have been lost for so long that they are done with.
    """
    missing = []
    for source in sources:
        try:
            if source.unpark():
                source.lost_at = None
                if source.file is not None and not _is_itself(source, source.file, is_read):
                    source.close()
                    missing.append(source)
            else:
                source.lost_at = source.lost_at or now
                missing.append(source)
        except OSError as error:
            fail(source, error)
    _search([x for x in missing if _is_due(x, now)], path, now, is_read)
    return [x for x in missing if x.lost_at and now - x.lost_at >= LOST_PATIENCE]


def seek(source: Source) -> None:
    """Open a closed file again under the name that it has by now, if it can be told from others."""
    if source.file is None and source.known.is_telling:
        near = identities(neighbours(source.path))
        file = find_itself(source.known, near, [source.path])
        if file is not None:
            source.attach(file)


def _is_due(source: Source, now: float) -> bool:
    return now - source.looked_for_at >= min(SEARCH_EVERY, now - (source.lost_at or now))


def _search(
    sources: list[Source], path: str, now: float, is_read: Callable[[OpenFile, Source], bool]
) -> None:
    """Find files that were renamed, as by logrotate, which moves ``NAME.1`` to ``NAME.2``."""
    if not sources:
        return
    names = {name for place in {path, *(x.path for x in sources)} for name in neighbours(place)}
    near = list(identities(names))
    for source in sources:
        source.looked_for_at = now
        file = find_itself(source.known, near, (path, source.path))
        if file is None:
            continue
        if not _is_itself(source, file, is_read):
            file.close()
            continue
        source.attach(file)
        source.lost_at = None


def _is_itself(source: Source, file: OpenFile, is_read: Callable[[OpenFile, Source], bool]) -> bool:
    """Tell whether a file with the source's inode can be it.

    Where no line was read only the inode tells, and that may be another's by now.
    """
    return source.known.has_line or not is_read(file, source)
