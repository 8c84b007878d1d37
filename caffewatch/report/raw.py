"""Files as they stand on disk, or as they come through a pipe."""

from __future__ import annotations

import io
import os
import select
import stat

WAKE_EVERY = 200
"""Milliseconds after which a signal is met at the latest while nothing comes through a pipe."""


class RawFile(io.FileIO):
    """A file, pipe or terminal that is read without a buffer, and not past a signal.

    A signal that arrives right before a read has begun does not end it, and Python gets to it only
    afterwards: Ctrl-C would do nothing until more comes. So what may be waited for is waited for
    in small pieces.

    Parameters
    ----------
    source
        Its path, or the descriptor of one that somebody else will close.
    """

    def __init__(self, source: str | int) -> None:
        super().__init__(source, "rb", closefd=not isinstance(source, int))
        self._poll: select.poll | None = None
        if not stat.S_ISREG(os.fstat(self.fileno()).st_mode):
            self._poll = select.poll()
            self._poll.register(self, select.POLLIN)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read what is there, at most so many bytes; none at the end."""
        if self._poll is not None:
            while not self._poll.poll(WAKE_EVERY):
                pass
        return super().read(size) or b""
