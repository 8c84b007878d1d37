"""Ports for programs that do not tell which free one they have taken."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress
from pathlib import Path

_LOWEST = 10_000
_LENT = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""The ports that the system gives to whoever asks for any, and to every connection that is made."""


def free_port() -> int:
    """Return a port that nobody listens on, and that nobody is given before it is taken."""
    highest = max(int(_LENT.read_text().split()[0]), 2 * _LOWEST)
    while True:
        port = _LOWEST + secrets.randbelow(highest - _LOWEST)
        with suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            return port
