"""Logs as users name them: files, globs, folders, compressed ones, standard input."""

from __future__ import annotations

import errno
import glob
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from caffewatch.report.archive import FORMATS, ArchiveError, LogFile

CHUNK = 1 << 18
DAMAGED = (OSError, ArchiveError)
"""What reading a log may raise: it is not there, or no whole archive."""
_ENDINGS = (".log", ".txt", ".INFO", *FORMATS)


def expand(names: list[str]) -> list[str]:
    """Turn names into logs: globs and folders into their files, the others as they are.

    What matches nothing stays as it is, so that `open_log` can say what is wrong with it.
    """
    return list(dict.fromkeys(path for name in names for path in _matches(name) or [name]))


def _matches(name: str) -> list[str]:
    if os.path.isdir(name):
        inside = glob.glob(os.path.join(glob.escape(name), "*"))
        return sorted(x for x in inside if _is_log(Path(x)))
    if glob.has_magic(name) and not os.path.lexists(name):
        return sorted(x for x in glob.glob(name, recursive=True) if os.path.isfile(x))
    return [name]


def _is_log(path: Path) -> bool:
    return path.is_file() and (path.suffix in _ENDINGS or ".log." in path.name)


def is_compressed(path: Path) -> bool:
    """Tell whether a log's name says that it is compressed."""
    return path.suffix in FORMATS


def misnamed(name: str, stream: LogFile) -> str:
    """Say where a log's name promises another format than the file has; an empty text elsewhere."""
    promised = FORMATS.get(Path(name).suffix)
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
        return LogFile(sys.stdin.buffer)
    if os.path.isdir(name):
        os.scandir(name).close()  # a folder that cannot be read says so itself
        raise FileNotFoundError(errno.ENOENT, f"no logs ({' '.join(_ENDINGS)}) in this folder")
    return LogFile(Path(name).open("rb", buffering=0))


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
