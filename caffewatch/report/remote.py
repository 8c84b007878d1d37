"""Logs named by a URL (``s3://``, ``hdfs://``, ``memory://`` …), through fsspec."""

from __future__ import annotations

import glob
import importlib
from typing import IO, Any, cast

MISSING = "needs the extra: pip install 'caffewatch[dask]'"


def is_remote(name: str) -> bool:
    """Tell whether a log's name is a URL."""
    return "://" in name


def expand(name: str) -> list[str]:
    """Turn a URL into those of files: a glob into what it matches, a folder into all in it.

    Raises
    ------
    OSError
        The file system cannot be asked, or fsspec is not installed.
    """
    files, path = _locate(name)
    if glob.has_magic(path):
        found = files.glob(path)
    else:
        found = files.find(path) if files.isdir(path) else [path]
    return sorted(map(files.unstrip_protocol, found))


def open_bytes(name: str) -> IO[bytes]:
    """Open a URL for reading.

    Raises
    ------
    OSError
        It cannot be read, or fsspec is not installed.
    """
    files, path = _locate(name)
    return cast(IO[bytes], files.open(path, "rb"))


def modified(name: str) -> float:
    """Return when a URL's file was last written, in seconds since the epoch.

    Raises
    ------
    OSError
        The file system does not tell.
    """
    files, path = _locate(name)
    try:
        return float(files.modified(path).timestamp())
    except NotImplementedError as error:
        raise OSError("no time of modification") from error


def _locate(name: str) -> tuple[Any, str]:
    try:
        core = importlib.import_module("fsspec.core")
    except ImportError as error:
        raise OSError(f"a URL {MISSING}") from error
    try:
        files, path = core.url_to_fs(name)
    except (ImportError, ValueError) as error:  # no such protocol, or its package is missing
        raise OSError(str(error)) from error
    return files, path
