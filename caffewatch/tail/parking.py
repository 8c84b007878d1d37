"""Files that are closed while they are silent, and what became of them."""

from __future__ import annotations

from collections.abc import Callable

from caffewatch.tail.reader import OpenFile, resolved
from caffewatch.tail.siblings import find_itself, identities, neighbours
from caffewatch.tail.source import Source
from caffewatch.tail.streams import Streams

LOST_PATIENCE = 3600.0
"""Seconds until a rotated file that is nowhere to be found is done with."""
SEARCH_EVERY = 60.0


def unpark(
    streams: Streams, path: str, now: float, is_read: Callable[[OpenFile, Source], bool]
) -> list[Source]:
    """Open parked files again that were written to, wherever they are by now.

    Parameters
    ----------
    streams
        The files of a log; told of those that are there but cannot be opened. Where the newest one
        has lost its name, its fate is told by the log's path instead.
    path
        The log's path.
    is_read
        Tells whether what is in a file is read as another one than the source.

    Returns
    -------
    list
        Those that have been lost for so long that they are done with.
    """
    missing = []
    current = streams.current
    parked = [x for x in streams if x.file is None and x is not current]
    if current is not None and current.file is None:
        try:
            current.unpark()
        except OSError as error:
            streams.fail(current, error)
            # A file of which nothing was read may be a copy of what cannot be looked at.
            parked = [x for x in parked if x.known.has_line]
    for source in parked:
        try:
            if source.unpark():
                source.lost_at = None
                if source.file is not None and not _is_itself(source, source.file, path, is_read):
                    source.close()
                    missing.append(source)
            else:
                source.lost_at = source.lost_at or now
                missing.append(source)
        except OSError as error:
            streams.fail(source, error)
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
        if not _is_itself(source, file, path, is_read):
            file.close()
            continue
        source.attach(file)
        source.lost_at = None


def _is_itself(
    source: Source, file: OpenFile, path: str, is_read: Callable[[OpenFile, Source], bool]
) -> bool:
    """Tell whether a file with the source's inode can be it.

    Where no line was read only the inode tells, and that may be another's by now: that of the file
    at the log's path, or of a copy of what is read elsewhere.
    """
    return source.known.has_line or not (file.path == resolved(path) or is_read(file, source))
