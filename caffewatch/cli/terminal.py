"""What draws on terminals; loaded only where something is drawn, for rich takes its time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.table import Column
from rich.text import Text

from caffewatch.report.styled import Line

if TYPE_CHECKING:
    from rich.progress import Progress


def drawn(lines: Iterable[Line], out: TextIO) -> str:
    """Return a report as ``out`` is to get it, with the colours that it shows.

    It is not written here, since rich ends the program where a pipe is closed.
    """
    console = Console(file=out, highlight=False, soft_wrap=True)
    with console.capture() as captured:
        for line in lines:
            console.print(Text.assemble(*line.parts))
    return captured.get()


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
