"""Let a finished log grow again, as if its run were going on now."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from caffewatch.report.reading import open_log

BUNDLED = "dies_at_550.log.gz"
_STEP = 0.05


class Player(threading.Thread):
    """Write a log's lines to a file, evenly over some seconds.

    Parameters
    ----------
    source
        The log, compressed or not.
    target
        The file that grows.
    seconds
        How long it takes; set-up comes at once, since nothing happens there.

    Raises
    ------
    OSError, ArchiveError
        The log cannot be read.
    """

    def __init__(self, source: Path, target: Path, seconds: float) -> None:
        super().__init__(name="player", daemon=True)
        with open_log(str(source)) as stream:
            self._text: bytes = stream.read()
        self._target = target
        self._seconds = seconds
        self._ended = threading.Event()

    def run(self) -> None:
        """Play the log to its end."""
        with self._target.open("ab", buffering=0) as out:
            for piece in _pieces(self._text, round(self._seconds / _STEP)):
                out.write(piece)
                if self._ended.wait(_STEP):
                    return

    def stop(self) -> None:
        """End in mid-play."""
        self._ended.set()
        self.join()


def _pieces(text: bytes, count: int) -> Iterator[bytes]:
    head = text.find(b"Starting Optimization")
    yield text[: max(head, 0)]
    rest = text[max(head, 0) :]
    size = max(1, -(-len(rest) // max(1, count)))
    for start in range(0, len(rest), size):
        yield rest[start : start + size]


def bundled_log() -> Path:
    """Return where the bundled log lies."""
    return Path(str(resources.files("caffewatch.demo").joinpath(BUNDLED)))
