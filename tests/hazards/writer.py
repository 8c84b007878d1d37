"""What writes logs and what rotates them: a training, and the ways of logrotate."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.logs import TID, CaffeLog, Values


class Training:
    """One run, written piece by piece; every piece is whole lines.

    Parameters
    ----------
    number
        Tells it from other runs: the thread id in its lines.

    Attributes
    ----------
    iteration
        The next one.
    """

    def __init__(self, number: int = 0) -> None:
        self._log = CaffeLog.started()
        self._tid = str(TID + number).encode()
        self._taken = 0
        self.iteration = 0

    def begin(self, displays: int = 3) -> bytes:
        """Return the set-up lines and a few healthy displays."""
        return self.on(displays)

    def on(self, displays: int = 2) -> bytes:
        """Return the next healthy displays."""
        for _ in range(displays):
            self.display({})
        return self._fresh()

    def nan(self) -> bytes:
        """Return the next display, with a nan in its block."""
        self.display({"data": "nan"})
        return self._fresh()

    def dead(self) -> bytes:
        """Return displays in which a hidden layer is dead, and more that are well again."""
        for number in range(28):
            self.display({"relu1": 0.0} if number < 8 else {})
        return self._fresh()

    def display(self, values: Values, loss: float = 2.0) -> None:
        """Write the next display."""
        self._log.display(self.iteration, values, loss)
        self.iteration += 10

    def done(self) -> bytes:
        """Return the good end."""
        self._log.done()
        return self._fresh()

    def _fresh(self) -> bytes:
        data = self._log.data[self._taken :]
        self._taken += len(data)
        return data.replace(b" %d " % TID, b" %s " % self._tid)


def rotate(log: Path, create: bool = False) -> Path:
    """Rename as logrotate does: NAME.1 becomes NAME.2 and so on, the log NAME.1."""
    numbers = [
        int(x.suffix[1:]) for x in log.parent.glob(f"{log.name}.*") if x.suffix[1:].isdigit()
    ]
    for number in sorted(numbers, reverse=True):
        log.with_name(f"{log.name}.{number}").rename(log.with_name(f"{log.name}.{number + 1}"))
    moved = log.rename(log.with_name(f"{log.name}.1"))
    if create:
        log.touch()
    return moved


def copytruncate(log: Path, copy: str = "train.log.1") -> Path:
    """Copy the log away and empty it, as logrotate does for writers that never reopen."""
    copied = Path(shutil.copy(log, log.with_name(copy)))
    os.truncate(log, 0)
    return copied


def lines(data: bytes) -> int:
    """Count complete lines."""
    return data.count(b"\n")
