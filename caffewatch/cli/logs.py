"""The daemon's own log on standard error: one line an event, for people, programs and journald."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Literal

LEVELS = ("info", "warning", "error")
FORMATS = ("text", "json")

Format = Literal["text", "json"]

_PRIORITIES = {
    logging.CRITICAL: "<2>",
    logging.ERROR: "<3>",
    logging.WARNING: "<4>",
    logging.INFO: "<6>",
}

_log = logging.getLogger("caffewatch")


def configure(format: Format, level: str, environ: Mapping[str, str]) -> None:
    """Write what is logged to standard error, and uncaught exceptions with it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter(format, journal=is_journal(sys.stderr.fileno(), environ)))
    logging.basicConfig(handlers=[handler], level=level.upper())
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def is_journal(descriptor: int, environ: Mapping[str, str]) -> bool:
    """Tell whether journald reads this descriptor: a variable alone would be inherited."""
    status = os.fstat(descriptor)
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def one_line(text: str) -> str:
    """Fold a text of several lines, and escape what could drive a terminal or forge a line."""
    folded = " | ".join(line.strip() for line in text.split("\n") if line.strip())
    return "".join(c if c.isprintable() else _escaped(c) for c in folded)


class Formatter(logging.Formatter):
    """Make one line of each event.

    Parameters
    ----------
    format
        ``text`` for people, ``json`` for programs: an object with time, level, logger, message
        and, with an exception, its traceback.
    journal
        Whether journald reads the lines: it takes a priority in front of each, and has the time.
    """

    def __init__(self, format: Format, journal: bool) -> None:
        super().__init__()
        self._render = self._text if format == "text" else _json
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        """Render an event."""
        line = self._render(record)
        return _PRIORITIES.get(record.levelno, "<7>") + line if self._journal else line

    def _text(self, record: logging.LogRecord) -> str:
        time = "" if self._journal else f"{_time(record)} "
        traceback = f" | {_traceback(record)}" if record.exc_info else ""
        said = one_line(f"{record.getMessage()}{traceback}")
        return f"{time}{record.levelname} {record.name}: {said}"


def _json(record: logging.LogRecord) -> str:
    event = {
        "time": _time(record),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
    }
    if record.exc_info:
        event["traceback"] = _traceback(record)
    return json.dumps(event)


def _time(record: logging.LogRecord) -> str:
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{moment}.{int(record.msecs):03}Z"


def _traceback(record: logging.LogRecord) -> str:
    return logging.Formatter().formatException(record.exc_info) if record.exc_info else ""


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _log.critical("internal error", exc_info=(kind, error, trace))


def _uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None:
        _uncaught(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
