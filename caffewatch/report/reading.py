"""Logs as users name them: files, globs, folders, compressed ones, standard input."""

from __future__ import annotations

import bz2
import errno
import glob
import gzip
import lzma
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

CHUNK = 1 << 18
DAMAGED = (OSError, EOFError, lzma.LZMAError, zlib.error)
"""What reading a log may raise: it is not there, or no whole archive."""
_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_ENDINGS = (".log", ".txt", ".INFO", *_OPENERS)


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
    return path.suffix in _OPENERS


def open_log(name: str) -> IO[bytes]:
    """Open a log for reading bytes; ``-`` is standard input.

    Raises
    ------
    OSError
        It cannot be read.
    """
    if name == "-":
        return sys.stdin.buffer
    if os.path.isdir(name):
        os.scandir(name).close()  # a folder that cannot be read says so itself
        raise FileNotFoundError(errno.ENOENT, f"no logs ({' '.join(_ENDINGS)}) in this folder")
    opener = _OPENERS.get(Path(name).suffix)
    return opener(name, "rb") if opener else Path(name).open("rb", buffering=0)


def chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Read a log to its end in bounded pieces.

    Raises
    ------
    OSError, EOFError, lzma.LZMAError, zlib.error
        It cannot be read on, or is no valid archive.
    """
    while data := stream.read(CHUNK):
        yield data
