"""Ctrl-C while a log is read: it ends the reading, and what was read can still be judged."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Self

INTERRUPTED = 128 + signal.SIGINT
"""Exit status of a command that was interrupted."""


class Interruption(AbstractContextManager["Interruption"]):
    """Hold SIGINT back while a piece is judged, which must not be done by halves.

    Attributes
    ----------
    asked
        Whether it has come.
    """

    def __init__(self) -> None:
        self.asked = False
        self._holding = False

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let the work within go on to its end; `KeyboardInterrupt` is raised after it."""
        self._holding = True
        yield
        self._holding = False
        if self.asked:
            raise KeyboardInterrupt

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        is_first, self.asked = not self.asked, True
        if not (self._holding and is_first):
            raise KeyboardInterrupt
