"""One log read to its end and judged: the same for one process, many, and a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from caffewatch.log.localtime import as_if_utc
from caffewatch.monitor import Monitor
from caffewatch.report import as_json
from caffewatch.report.archive import LogFile
from caffewatch.report.reading import DAMAGED, chunks, misnamed, modified, open_log
from caffewatch.report.styled import Line
from caffewatch.report.tally import Tally, tally

Form = Literal["text", "json", "summary"]
Tell = Callable[[str, str], None]
"""Takes a log's name, and what people must be told of it."""


class Read(NamedTuple):
    """A log as far as it could be read.

    ``monitor`` is None where that is nothing, ``whole`` False where its rest could not be read.
    """

    monitor: Monitor | None
    whole: bool
    interrupted: bool


@dataclass(slots=True)
class Judged:
    """What is left of a log once it is judged; it goes from process to process.

    ``report`` is there for the form ``json``, ``text`` for ``text``; both are None where nothing
    could be read. ``told`` holds what belongs to standard error.
    """

    name: str
    whole: bool = True
    interrupted: bool = False
    loud: bool = False
    bytes: int = 0
    told: list[str] = field(default_factory=list)
    report: dict[str, Any] | None = None
    text: list[Line] | None = None
    tally: Tally = field(default_factory=Tally)


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
                    monitor.feed(data, 0.0)
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


def judge(name: str, form: Form, stopped: Callable[[], bool] | None = None) -> Judged | None:
    """Judge one log; what cannot be read is told in the result.

    Parameters
    ----------
    stopped
        Is asked before the log, and after every piece of it, whether to go no further.

    Returns
    -------
    Judged or None
        None where it was stopped before it began.
    """

    def advance(stream: LogFile) -> None:
        if stopped is not None and stopped():
            raise KeyboardInterrupt

    if stopped is not None and stopped():
        return None
    done = Judged(name)
    monitor, done.whole, done.interrupted = read(
        name, lambda _, text: done.told.append(text), advance=advance
    )
    done.tally = tally(name, monitor, done.whole)
    if monitor is None:
        return done
    done.bytes = monitor.bytes
    done.loud = any(f.loud for record in monitor.runs for f in record.findings)
    if form == "json":
        done.report = as_json.report(name, monitor)
        if done.interrupted:
            done.report["interrupted"] = True
    elif form == "text":
        from caffewatch.report import as_text  # noqa: PLC0415 - JSON needs none of it

        age = None if name == "-" else time.time() - modified(name)
        done.text = list(as_text.report(name, monitor, age))
    return done
