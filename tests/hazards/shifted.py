"""A time of day that is set while the daemon runs, as by NTP or by a machine that wakes up."""

from __future__ import annotations

import os
from pathlib import Path

from tests.service.process import DaemonProcess

_HOOK = """
import os, time
_real = time.time
def _shifted():
    with open(os.environ["CLOCK_SHIFT"]) as file:
        return _real() + float(file.read())
time.time = _shifted
"""


class ShiftedClock:
    """Make a daemon read the time of day through a file; its steady clock is the system's."""

    def __init__(self, folder: Path, daemon: DaemonProcess) -> None:
        self._folder = folder / "clock"
        self._folder.mkdir()
        (self._folder / "sitecustomize.py").write_text(_HOOK)
        self._shift = self._folder / "shift"
        self.set(0.0)
        path = os.pathsep.join(x for x in (str(self._folder), os.environ.get("PYTHONPATH")) if x)
        daemon.environ |= {"PYTHONPATH": path, "CLOCK_SHIFT": str(self._shift)}

    def set(self, seconds: float) -> None:
        """Let the time of day be so many seconds ahead of the real one."""
        fresh = self._shift.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self._shift)
