"""From a job's path to the logs to follow."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Collection, Iterable

from caffewatch.tail.identity import FileId
from caffewatch.tail.reader import file_id, status
from caffewatch.tail.siblings import COMPRESSED, rotated_name

FOLDER_PATTERNS = ("*.log*", "*log*.txt", "*.INFO", "*.INFO.*")
"""What a folder's logs are called: tee's or a redirect's file, and what glog writes."""

_SEVERER = re.compile(r"\.(WARNING|ERROR|FATAL)(\.|$)")
"""glog writes the lines of these files into the INFO file as well."""


def discover(path: str, known: Collection[str] = ()) -> list[str]:
    """List the logs that a job's path stands for, sorted.

    A file or link is a log even while it is missing. A glob or folder yields the regular files
    that are there: not compressed ones, not the rotations (``NAME.1``, ``NAME-20261123``) of a log
    that is there too, and each file once: by its link where there is one.

    Parameters
    ----------
    path
        File, link, glob (``**`` for any depth) or folder.
    known
        Logs of this job that are followed already.
    """
    if os.path.isdir(path):
        found = [x for pattern in FOLDER_PATTERNS for x in _glob(path, pattern)]
    elif glob.has_magic(path) and not os.path.lexists(path):
        found = glob.glob(path, recursive=True)
    else:
        return [path]
    matches = {x for x in found if not x.endswith(COMPRESSED)}
    logs = [x for x in matches if x in known or _stands_alone(x, matches, known)]
    return sorted(_once(logs))


def _stands_alone(path: str, *logs: Collection[str]) -> bool:
    """Tell whether a file is no rotation of a log that is there, or was."""
    base = rotated_name(path)
    return base is None or not any(base in x for x in logs)


def _glob(folder: str, pattern: str) -> list[str]:
    found = glob.glob(os.path.join(glob.escape(folder), pattern))
    return [x for x in found if not _SEVERER.search(os.path.basename(x))]


def _once(paths: Iterable[str]) -> list[str]:
    """Drop what is no regular file, and all but one path of each file: links win."""
    by_file: dict[FileId, str] = {}
    for path in sorted(paths, key=lambda x: (not os.path.islink(x), x)):
        try:
            found = status(path)
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode):
            by_file.setdefault(file_id(found), path)
    return list(by_file.values())
