"""Whether a training process is still there, as far as can be seen from here."""

from __future__ import annotations

from pathlib import Path

LOOK_AGAIN = 10.0
"""Seconds until a process that cannot be seen is looked for again: it may have been restarted."""
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
        self._missed = ("", -LOOK_AGAIN)

    def gone(self, pid: str, now: float) -> bool | None:
        """Tell whether the process is gone; None where it never could be seen.

        Parameters
        ----------
        now
            Seconds of any clock.
        """
        missed, at = self._missed
        if not pid.isdecimal() or (missed == pid and 0 <= now - at < LOOK_AGAIN):
            return None
        if self._is_training(pid):
            self._seen = pid
            return False
        if self._seen == pid:
            return True
        self._missed = pid, now
        return None

    def _is_training(self, pid: str) -> bool:
        try:
            with open(f"{self._proc}/{pid}/cmdline", "rb", buffering=0) as file:
                command = file.read()
        except OSError:
            return False
        return any(word in command for word in _TRAINERS)
