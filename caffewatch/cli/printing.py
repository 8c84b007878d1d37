"""Reports as they are printed: drawn on a terminal, plain text elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TextIO

from caffewatch.report.styled import Line

_ASKS_FOR_COLOURS = ("FORCE_COLOR", "TTY_COMPATIBLE")
"""Variables by which rich is told that what looks like none is a terminal."""


def write(lines: Iterable[Line], out: TextIO) -> None:
    """Write a report, with colours where ``out`` is a terminal.

    Raises
    ------
    OSError
        ``out`` takes no more; BrokenPipeError when its reader has gone.
    """
    if out.isatty() or any(map(os.environ.get, _ASKS_FOR_COLOURS)):
        from caffewatch.cli import terminal  # noqa: PLC0415 - a pipe need not wait for rich

        out.write(terminal.drawn(lines, out))
    else:
        out.write("".join(f"{line.plain}\n" for line in lines))
