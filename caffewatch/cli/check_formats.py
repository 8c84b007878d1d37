"""What ``caffewatch check`` writes in each of its formats; each loads no more than it needs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from caffewatch.cli import printing
from caffewatch.cli.progress import Progress
from caffewatch.monitor import Monitor
from caffewatch.report.reading import modified

if TYPE_CHECKING:
    from caffewatch.report.as_html import ReadLog


class Writer(Protocol):
    """Writes the report of several logs, one after the other."""

    def take(self, name: str, monitor: Monitor, interrupted: bool) -> None:
        """Take a log that was read to its end, or until the reading was interrupted."""

    def end(self, interrupted: bool) -> None:
        """Write what is left to be written."""


class _Text:
    """Report for people, each log as soon as it is read."""

    def __init__(self, out: TextIO, progress: Progress) -> None:
        self._out = out
        self._progress = progress

    def take(self, name: str, monitor: Monitor, interrupted: bool) -> None:
        from caffewatch.report import as_text  # noqa: PLC0415 - JSON needs none of it

        self._progress.pause()
        if interrupted:
            read = f"interrupted after {monitor.bytes} bytes; this is what they show\n"
            self._out.write(read)
        printing.write(as_text.report(name, monitor, _age(name)), self._out)

    def end(self, interrupted: bool) -> None:
        pass


class _Json:
    """Report for programs: an array of all logs."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._reports: list[dict[str, Any]] = []

    def take(self, name: str, monitor: Monitor, interrupted: bool) -> None:
        from caffewatch.report import as_json  # noqa: PLC0415 - text needs none of it

        marked = {"interrupted": True} if interrupted else {}
        self._reports.append(as_json.report(name, monitor) | marked)

    def end(self, interrupted: bool) -> None:
        import json  # noqa: PLC0415 - as above

        json.dump(self._reports, self._out, indent=1, allow_nan=False)
        self._out.write("\n")


class _Html:
    """Report to be mailed: one page of all logs."""

    def __init__(self, out: TextIO) -> None:
        from caffewatch.report import as_html  # noqa: PLC0415 - it imports Jinja

        self._out = out
        self._report = as_html
        self._read: list[ReadLog] = []

    def take(self, name: str, monitor: Monitor, interrupted: bool) -> None:
        self._read.append(self._report.take(name, monitor))

    def end(self, interrupted: bool) -> None:
        from caffewatch.version import VERSION  # noqa: PLC0415 - reading metadata takes time

        self._out.write(self._report.page(self._read, VERSION, interrupted))


FORMATS = ("text", "json", "html")


def writer(format: str, out: TextIO, progress: Progress) -> Writer:
    """Return what writes one of the `FORMATS`.

    Its methods raise OSError when ``out`` takes no more, BrokenPipeError when nobody reads it.
    """
    if format == "text":
        return _Text(out, progress)
    return _Json(out) if format == "json" else _Html(out)


def _age(name: str) -> float | None:
    return None if name == "-" else time.time() - modified(name)
