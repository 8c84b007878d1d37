"""One log read to its end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from caffewatch.log.localtime import as_if_utc
from caffewatch.monitor import Monitor
from caffewatch.report.archive import LogFile
from caffewatch.report.reading import DAMAGED, chunks, misnamed, modified, open_log

Tell = Callable[[str, str], None]
"""Takes a log's name, and what people must be told of it."""


class Read(NamedTuple):
    """A log as far as it could be read.

    ``monitor`` is None where that is nothing, ``whole`` False where its rest could not be read.
    """

    monitor: Monitor | None
    whole: bool
    interrupted: bool


def read(
    name: str,
    tell: Tell,
    held: Callable[[], AbstractContextManager[None]] = nullcontext,
    advance: Callable[[LogFile], None] | None = None,
    curves: bool = False,
) -> Read:
    """Read a log to its end, or to where `KeyboardInterrupt` is raised.

    Parameters
    ----------
    held
        Makes a context that a piece is judged in.
    advance
        Is called after every piece.
    curves
        Whether the report draws what the runs did over time.
    """
    monitor = Monitor(reference=as_if_utc(modified(name)), curves=curves)
    whole, interrupted = True, False
    try:
        with open_log(name) as stream:
            if told := misnamed(name, stream):
                tell(name, told)
            for data in chunks(stream):
                with held():
                    monitor.feed(data, 0.0, hold=True)
                if advance is not None:
                    advance(stream)
    except KeyboardInterrupt:
        interrupted = True
    except DAMAGED as error:
        reason = getattr(error, "strerror", None) or error
        tell(name, f"{reason}{'; judged by what stands before' if monitor.bytes else ''}")
        whole = False
    monitor.close(0.0)
    return Read(monitor if whole or monitor.bytes else None, whole, interrupted)
