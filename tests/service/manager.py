"""A service manager that listens, as systemd does, on a datagram socket."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.patience import PATIENCE


class Manager:
    """Takes messages; ``address`` is what ``$NOTIFY_SOCKET`` has to be."""

    def __init__(self, listener: socket.socket, address: str) -> None:
        self.address = address
        self._listener = listener
        self.received: list[dict[str, str]] = []

    def take(self) -> dict[str, str]:
        """Wait for the next message; return its assignments."""
        lines = self._listener.recv(4096).decode().split("\n")
        self.received.append(dict(line.split("=", 1) for line in lines))
        return self.received[-1]

    def await_key(self, key: str, timeout: float = PATIENCE) -> dict[str, str]:
        """Wait for a message that has a key."""
        deadline = time.monotonic() + timeout
        while key not in (taken := self.take()):
            assert time.monotonic() < deadline, f"no {key} in {self.received}"
        return taken


@contextmanager
def manager(address: str) -> Iterator[Manager]:
    """Listen at a path, or at ``@name`` in the abstract space, for as long as the block lasts."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(PATIENCE)
        listener.bind("\0" + address[1:] if address.startswith("@") else address)
        yield Manager(listener, address)
