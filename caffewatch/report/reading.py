"""Logs as users name them: files, globs, folders, URLs, compressed ones, standard input."""

from __future__ import annotations

import errno
import glob
import io
import os
import sys
import time
from collections.abc import Iterator
from typing import IO

from caffewatch.log.events import Iteration
from caffewatch.log.glog import PREFIX
from caffewatch.log.parser import Parser
from caffewatch.report import remote
from caffewatch.report.archive import FORMATS, ArchiveError, LogFile
from caffewatch.report.raw import RawFile

CHUNK = 1 << 20
DAMAGED = (OSError, ArchiveError)
"""What reading a log may raise: it is not there, or no whole archive."""
_ENDINGS = (".log", ".txt", ".INFO", *FORMATS)
_HEAD = 1 << 16
"""Bytes of a file that show whether it is a log."""


def expand(names: list[str]) -> list[str]:
    """Turn names into logs: globs into their files, folders into all logs below them.

    In a folder the content decides what is a log, whatever its name; the name does where there is
    nothing to see: an empty file, or one that cannot be read. What matches nothing stays as it is,
    so that `open_log` can say what is wrong with it.
    """
    return list(dict.fromkeys(path for name in names for path in _matches(name) or [name]))


def _matches(name: str) -> list[str]:
    if remote.is_remote(name):
        return _remote_matches(name)
    if os.path.isdir(name):
        inside = [os.path.join(place, x) for place, _, files in os.walk(name) for x in files]
        return sorted(x for x in inside if os.path.isfile(x) and _is_log(x))
    if glob.has_magic(name) and not os.path.lexists(name):
        return sorted(x for x in glob.glob(name, recursive=True) if os.path.isfile(x))
    return [name]


def _remote_matches(name: str) -> list[str]:
    try:
        found = remote.expand(name)
    except OSError:
        return []
    return found if found == [name] else [x for x in found if _is_log(x)]


def _is_log(name: str) -> bool:
    try:
        with open_log(name) as stream:
            head = stream.read(_HEAD)
    except DAMAGED:
        head = b""
    if head:
        return holds_log(head)
    return _ending(name) in _ENDINGS or ".log." in os.path.basename(name)


def holds_log(head: bytes) -> bool:
    """Tell by a file's first bytes whether it is a training log."""
    if b"\0" in head.lstrip(b"\0"):
        return False
    lines = head.split(b"\n")
    return any(map(PREFIX.match, lines)) or Iteration in map(type, Parser().feed(head + b"\n"))


def is_compressed(path: str | os.PathLike[str]) -> bool:
    """Tell whether a log's name says that it is compressed."""
    return _ending(path) in FORMATS


def _ending(path: str | os.PathLike[str]) -> str:
    return os.path.splitext(path)[1]


def misnamed(name: str, stream: LogFile) -> str:
    """Say where a log's name promises another format than the file has; an empty text elsewhere."""
    promised = FORMATS.get(_ending(name))
    if promised is None or promised.name == stream.format:
        return ""
    read = stream.format or "it stands"
    return f"no archive of format {promised.name}, in spite of its name; read as {read}"


def open_log(name: str) -> LogFile:
    """Open a log for reading bytes; ``-`` is standard input.

    Raises
    ------
    OSError
        It cannot be read.
    """
    if name == "-":
        return LogFile(_standard_input())
    if remote.is_remote(name):
        return LogFile(remote.open_bytes(name))
    if os.path.isdir(name):
        os.scandir(name).close()  # a folder that cannot be read says so itself
        raise FileNotFoundError(errno.ENOENT, "no training logs in this folder")
    return LogFile(RawFile(name))


def _standard_input() -> IO[bytes]:
    try:
        return RawFile(sys.stdin.buffer.fileno())
    except io.UnsupportedOperation:  # another object stands in its place
        return sys.stdin.buffer


def modified(name: str) -> float:
    """Return when a log was last written, now where that cannot be told.

    It gives the year of stamps that have none.
    """
    try:
        return remote.modified(name) if remote.is_remote(name) else os.stat(name).st_mtime
    except OSError:
        return time.time()


def chunks(stream: LogFile) -> Iterator[bytes]:
    """Read a log to its end in bounded pieces.

    Raises
    ------
    OSError
        It cannot be read on.
    ArchiveError
        It cannot be unpacked any further.
    """
    while data := stream.read(CHUNK):
        yield data
