"""Whether a file begins with a run, or in the midst of one that began in the file before."""

from __future__ import annotations

from caffewatch.log import setup
from caffewatch.log.glog import read_line
from caffewatch.log.grammar import recognise
from caffewatch.log.lines import MAX_LINE

_STARTS = setup.MESSAGES | {"setup", "starting", "solving"}
ENOUGH = 256 * 1024
"""Bytes after which a file that has not said so is taken to go on with a run."""


def begins_run(head: bytes) -> bool | None:
    """Judge a file by its first bytes: by the first message in it that is of Caffe's language.

    Returns
    -------
    bool or None
        True where set-up comes first, False where training goes on; None while the complete lines
        so far, fewer than `ENOUGH` bytes, leave it open.
    """
    lines = head.split(b"\n")[:-1]
    for raw in lines:
        line = read_line(raw[:MAX_LINE])
        found = recognise(line.text) if line.severity else None
        if found is not None and found[0].name:
            return found[0].name in _STARTS
    return False if len(head) >= ENOUGH else None
