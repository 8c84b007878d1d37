"""What draws on terminals; loaded only where something is drawn, for rich takes its time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


def write(lines: Iterable[RenderableType], out: TextIO) -> None:
    """Write a report, with colours where ``out`` is a terminal.

    Raises
    ------
    OSError
        ``out`` takes no more; BrokenPipeError when its reader has gone.
    """
    console = Console(file=out, highlight=False, soft_wrap=True)
    with console.capture() as captured:  # written by ourselves: rich ends a closed pipe with 1
        for line in lines:
            console.print(line)
    out.write(captured.get())


def bar() -> Progress:
    """Make a progress bar of bytes on standard error that leaves nothing behind."""
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def counter() -> Progress:
    """Make a progress bar of logs on standard error that leaves nothing behind."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
