"""What draws on terminals; loaded only where something is drawn, for rich takes its time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, RenderableType
from rich.table import Column

if TYPE_CHECKING:
    from rich.progress import Progress


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
    """Make a progress bar of bytes on standard error that leaves nothing behind.

    On a narrow terminal the bar itself makes way: figures that wrapped would be two lines.
    """
    from rich import progress  # noqa: PLC0415 - most reports show no bar

    columns = (
        progress.BarColumn(),
        progress.DownloadColumn(table_column=Column(no_wrap=True)),
        progress.TransferSpeedColumn(table_column=Column(no_wrap=True)),
        progress.TimeRemainingColumn(table_column=Column(no_wrap=True)),
    )
    return progress.Progress(*columns, console=Console(stderr=True), transient=True)


def counter() -> Progress:
    """Make a progress bar of logs on standard error that leaves nothing behind."""
    from rich import progress  # noqa: PLC0415 - as above

    columns = (
        progress.BarColumn(), progress.MofNCompleteColumn(), progress.TimeRemainingColumn(),
    )  # fmt: skip
    return progress.Progress(*columns, console=Console(stderr=True), transient=True)
