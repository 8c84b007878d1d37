"""Whether a training process is still there, as far as can be seen from here."""

from __future__ import annotations

from pathlib import Path

_TRAINERS = (b"caffe", b"python")
"""What the command line of a process that trains with Caffe holds."""


class Witness:
    """Watch one process after the other, by the id in a log's lines.

    A log may come from another machine, or from a process that this user may not see: only one that
    was seen to train can be seen to be gone.

    Parameters
    ----------
    proc
        Where the kernel shows processes.
    """

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = str(proc)
        self._seen = ""

    def gone(self, pid: str) -> bool | None:
        """Tell whether the process is gone; None where it never could be seen."""
        if not pid.isdecimal():
            return None
        try:
            with open(f"{self._proc}/{pid}/cmdline", "rb", buffering=0) as file:
                command = file.read()
        except OSError:
            return True if self._seen == pid else None
        if any(word in command for word in _TRAINERS):
            self._seen = pid
            return False
        return True if self._seen == pid else None
