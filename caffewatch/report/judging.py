"""One log read to its end and judged: the same for one process, many, and a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from caffewatch.report import as_json, as_text
from caffewatch.report.archive import LogFile
from caffewatch.report.reading import modified
from caffewatch.report.styled import Line
from caffewatch.report.tally import Tally, tally
from caffewatch.report.whole import read

Form = Literal["text", "json", "summary"]


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
        age = None if name == "-" else time.time() - modified(name)
        done.text = list(as_text.report(name, monitor, age))
    return done
