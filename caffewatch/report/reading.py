"""Logs as users name them: files, globs, folders, compressed ones, standard input."""

from __future__ import annotations

import bz2
import glob
import gzip
import lzma
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

CHUNK = 1 << 18
DAMAGED = (OSError, EOFError, lzma.LZMAError)
"""What reading a log may raise: it is not there, or no whole archive."""
_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_ENDINGS = (".log", ".txt", ".INFO", *_OPENERS)


def expand(names: list[str]) -> list[str]:
    """Turn names into logs: globs and folders into their files, the others as they are."""
    found: list[str] = []
    for name in names:
        if name != "-" and Path(name).is_dir():
            found += sorted(str(p) for p in Path(name).iterdir() if _is_log(p))
        elif name != "-" and glob.has_magic(name) and not Path(name).exists():
            found += sorted(glob.glob(name, recursive=True)) or [name]
        else:
            found.append(name)
    return list(dict.fromkeys(found))


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
    opener = _OPENERS.get(Path(name).suffix)
    return opener(name, "rb") if opener else Path(name).open("rb", buffering=0)


def chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Read a log to its end in bounded pieces.

    Raises
    ------
    OSError, EOFError, lzma.LZMAError
        It cannot be read on, or is no valid archive.
    """
    while data := stream.read(CHUNK):
        yield data
