"""``caffewatch.follow``: a log's events and findings while it grows."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from threading import Event as Signal

from caffewatch.log.events import Ended, RunStarted
from caffewatch.service.clock import Steady
from caffewatch.service.following import FollowedFile, Seen


def follow(
    path: str | os.PathLike[str],
    *,
    until_end: bool = False,
    stop: Signal | None = None,
    poll: float = 0.5,
) -> Iterator[Seen]:
    """Yield what a log says and what is found in it, from its beginning and as it grows.

    The log need not exist yet, and is followed through rotation; no state of it raises. A finding
    comes right after the event that showed it, and once more, the same object with ``state``
    resolved, when it is over.

    Parameters
    ----------
    until_end
        Return once the log says that training has ended, and nothing more is there to read.
    stop
        Return soon after this is set, from another thread say.
    poll
        Seconds between two looks at a log that does not grow.

    Yields
    ------
    Event or Finding
        See `caffewatch.log.events` and `caffewatch.detect.finding`.
    """
    stop = stop or Signal()
    source = FollowedFile(os.fspath(path))
    steady = Steady(time.time())
    has_ended = False
    try:
        while not stop.is_set():
            for seen in source.look(time.time(), steady()):
                has_ended = isinstance(seen, Ended) or (
                    has_ended and not isinstance(seen, RunStarted)
                )
                yield seen
            if source.more:
                continue
            if has_ended and until_end:
                return
            stop.wait(poll)
    finally:
        source.close()
