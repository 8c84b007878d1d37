"""The files beside a log that may be its rotations."""

from __future__ import annotations

import os
import re
import stat
import time
from bisect import bisect_left
from collections.abc import Container, Iterable
from itertools import chain

from caffewatch.tail.identity import SAMPLE_SIZE, Digest, FileId, Known
from caffewatch.tail.position import PastFile
from caffewatch.tail.reader import OpenFile, file_id, if_there, status

COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip")
"""Endings of files whose bytes are not those of a log; they are never followed."""

SETTLED_AFTER = 2_000_000_000
"""Nanoseconds after a folder's last change from which on it is taken to be as it was read."""
MAX_LISTINGS = 256

_ROTATION = re.compile(r"[.-](?:\d+|\d{4}-\d\d-\d\d\S*|\d{8}\S*|old|bak)$")


_GLOG = re.compile(r"(.+)\.\d{8}-\d{6}\.(\d+)")


def glog_series(path: str) -> tuple[str, str] | None:
    """Return what the files of one process have in common by the names that glog gives them.

    A file ``PROG.HOST.USER.log.INFO.YYYYMMDD-HHMMSS.PID`` that has grown to 1.8 GB is followed by
    another one of the same process.
    """
    found = _GLOG.fullmatch(path)
    return None if found is None else (found[1], found[2])


def siblings(path: str) -> list[str]:
    """List the files named ``NAME.*`` or ``NAME-*`` in the log's folder, oldest change first."""
    folder, name = os.path.split(path)
    listing = _list(folder or ".")
    names = [x for prefix in (name + "-", name + ".") for x in _beginning_with(prefix, listing)]
    paths = [os.path.join(folder, x) for x in names if not x.endswith(COMPRESSED)]
    found = [(_changed_at(x), x) for x in paths]
    return [path for changed_at, path in sorted(found) if changed_at]


def rotated_name(path: str) -> str | None:
    """Return the name that a rotation's name was made from; None if it looks like no rotation."""
    for ending in COMPRESSED:
        path = path.removesuffix(ending)
    base, found = _ROTATION.subn("", path)
    return base if found else None


def neighbours(path: str) -> list[str]:
    """List where a file may be by now that was at this path: there, or beside it."""
    base = rotated_name(path)
    return [path, *siblings(path), *(siblings(base) if base else ())]


def identities(paths: Iterable[str]) -> list[tuple[str, FileId]]:
    """Pair each path that can be looked at with its file's identity."""
    found = []
    for path in paths:
        with if_there:
            found.append((path, file_id(status(path))))
    return found


def files_beside(*logs: str) -> tuple[PastFile, ...]:
    """Return what tells all the logs' siblings from files that come later."""
    found = []
    for path in dict.fromkeys(name for log in logs for name in siblings(log)):
        with if_there, OpenFile.open(path) as file:
            found.append(PastFile(file.id, Digest.of(file.read(0, SAMPLE_SIZE))))
    return tuple(found)


def find(known: Known, paths: Iterable[str], taken: Container[FileId] = ()) -> OpenFile | None:
    """Open the file that was read as `known`, or failing that its longest copy, among the paths.

    Files that are taken are left out: an inode that is used again is not the file it was. Of copies
    of one length that is taken which has the name of a rotation of the first path.
    """
    paths = list(paths)
    near = [(path, identity) for path, identity in identities(paths) if identity not in taken]
    itself = find_itself(known, near, () if known.file in taken else paths)
    if itself is not None or not near:
        return itself
    log = rotated_name(paths[0]) or paths[0]
    copies: list[tuple[int, bool, str]] = []
    for path, _ in near:
        file = _open_if(known, path)
        if file is not None:
            with file:
                copies.append((file.size, rotated_name(path) == log, path))
    return _open_if(known, max(copies)[-1]) if copies else None


def find_itself(
    known: Known, near: Iterable[tuple[str, FileId]], places: Iterable[str]
) -> OpenFile | None:
    """Open the very file that was read as `known`.

    Parameters
    ----------
    near
        Paths with their identities, to begin with.
    places
        Paths in whose folders it may have any other name.
    """
    same = (path for path, identity in near if identity == known.file)
    # Where no line was read only the inode tells, and that may be a stranger's by now.
    folders = dict.fromkeys(map(os.path.dirname, places)) if known.is_telling else ()
    strays = (path for folder in folders for path in _with_inode(folder, known.file.inode))
    names = chain(same, strays)
    return next((file for path in names if (file := _open_if(known, path)) is not None), None)


def _with_inode(folder: str, inode: int) -> list[str]:
    """List the files of a folder that have an inode, without a look at each."""
    with if_there, os.scandir(folder or ".") as entries:
        return [x.path for x in entries if x.inode() == inode]
    return []


def _open_if(known: Known, path: str) -> OpenFile | None:
    with if_there:
        file = OpenFile.open(path)
        try:
            is_candidate = known.is_telling or file.id == known.file
            if is_candidate and known.agrees(file.seen(known.offset)):
                return file
        except OSError:
            file.close()
            raise
        file.close()
    return None


def _beginning_with(prefix: str, names: list[str]) -> list[str]:
    """Pick from sorted names."""
    start = bisect_left(names, prefix)
    return names[start : bisect_left(names, prefix[:-1] + chr(ord(prefix[-1]) + 1), start)]


_LISTINGS: dict[str, tuple[tuple[FileId, int], list[str]]] = {}
"""Folders whose names were read while nothing had changed in them for a while."""


def _list(folder: str) -> list[str]:
    """Return a folder's names, sorted; they are read again once something has changed.

    Of thousands of logs in one folder each asks for it, and would read it whole.
    """
    with if_there:
        found = os.stat(folder)
        version = file_id(found), found.st_mtime_ns
        known = _LISTINGS.get(folder)
        if known is not None and known[0] == version:
            return known[1]
        names = sorted(os.listdir(folder))
        # The kernel's clock ticks slowly: what has just changed may change again at the same time.
        if time.time_ns() - found.st_mtime_ns > SETTLED_AFTER:
            if len(_LISTINGS) >= MAX_LISTINGS:
                _LISTINGS.clear()
            _LISTINGS[folder] = version, names
        return names
    return []


def _changed_at(path: str) -> int:
    """Return a regular file's time of modification in nanoseconds, 0 for anything else."""
    with if_there:
        found = os.lstat(path)
        return found.st_mtime_ns if stat.S_ISREG(found.st_mode) else 0
    return 0
