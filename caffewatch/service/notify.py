"""What systemd is told: ready, reloading, alive, ending, and a line on how things stand."""

from __future__ import annotations

import logging
import math
import os
import socket
import time
from collections.abc import Callable, Mapping

_LOOK_EVERY = 1.0
"""Seconds between looks for a status that has changed."""
_PATIENCE = 1.0
"""Seconds that systemd gets to take a message; work must not hang on it."""

_log = logging.getLogger(__name__)


class ServiceManager:
    """The service manager that has started this process; without one nothing is sent.

    Messages are those of sd_notify(3): datagrams of assignments to ``$NOTIFY_SOCKET``, a path or,
    with ``@`` in front, a name in Linux' abstract space.

    Parameters
    ----------
    environ
        The environment, which may also have the watchdog's interval.
    clock
        Seconds that never go back, from a start of their own.
    """

    def __init__(
        self, environ: Mapping[str, str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._interval = _beat_interval(environ) if self._address else math.inf
        self._clock = clock
        self._next_look = 0.0
        self._next_beat = 0.0 if self._interval < math.inf else math.inf
        self._status = ""

    def ready(self, status: str) -> None:
        """Say that the start, or a reload, is over."""
        self._status = status
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """Say that the configuration is being read again; `ready` ends it."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._status = "reading the configuration again"
        self._send("RELOADING=1", f"MONOTONIC_USEC={now}", f"STATUS={self._status}")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._send("STOPPING=1", "STATUS=ending")

    def beat(self, status: Callable[[], str]) -> None:
        """Say that work goes on, where it is time to, and how things stand, where that is new."""
        now = self._clock()
        if not self._address or now < self._next_look:
            return
        self._next_look = now + _LOOK_EVERY
        said = []
        if now >= self._next_beat:
            self._next_beat = now + self._interval
            said.append("WATCHDOG=1")
        if (line := status()) != self._status:
            self._status = line
            said.append(f"STATUS={line}")
        if said:
            self._send(*said)

    def _send(self, *assignments: str) -> None:
        if not self._address:
            return
        address = self._address
        if address.startswith("@"):
            address = "\0" + address[1:]
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(_PATIENCE)
                sender.sendto("\n".join(assignments).encode(), address)
        except OSError as error:
            _log.warning("systemd was not told %s: %s", assignments[0], error)


def _beat_interval(environ: Mapping[str, str]) -> float:
    """Return the seconds between beats: a third of what the watchdog allows, which is of us."""
    microseconds = environ.get("WATCHDOG_USEC", "")
    meant = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    if not meant or not microseconds.isdecimal() or int(microseconds) == 0:
        return math.inf
    return int(microseconds) / 3e6
