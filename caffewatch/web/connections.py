"""Who is connected, since when, and whom to hang up on."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from socket import SHUT_RDWR, socket


@dataclass(slots=True)
class _Connection:
    since: float
    asking: bool = True


class Connections:
    """The open connections, oldest first; safe to use from several threads.

    A connection is *asking* until the head of its request is complete, then it is answered.
    """

    def __init__(self) -> None:
        self._open: dict[socket, _Connection] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, sock: socket, now: float) -> None:
        """Note a new connection; ``now`` in seconds of any steady clock."""
        with self._lock:
            self._open[sock] = _Connection(now)

    def exchange(self, old: socket, new: socket) -> None:
        """Note that a connection goes on as another socket, with the age that it has."""
        with self._lock:
            self._open = {new if sock is old else sock: x for sock, x in self._open.items()}

    def asked(self, sock: socket) -> None:
        """Note that the head of the request has been read."""
        with self._lock:
            self._open[sock].asking = False

    def remove(self, sock: socket) -> None:
        """Forget a connection that is closed."""
        with self._lock:
            self._open.pop(sock, None)

    def oldest_asking(self) -> list[socket]:
        """Return the one that has been asking for the longest, or nothing."""
        with self._lock:
            return [sock for sock, connection in self._open.items() if connection.asking][:1]

    def overdue(self, now: float, limit: float) -> list[socket]:
        """Return those that have been open for longer than ``limit`` seconds."""
        with self._lock:
            return [sock for sock, one in self._open.items() if now - one.since > limit]

    def everyone(self) -> list[socket]:
        """Return all of them."""
        with self._lock:
            return list(self._open)


def hang_up(sockets: list[socket]) -> None:
    """End connections, so that whoever reads from or writes to them returns at once."""
    for sock in sockets:
        try:
            # Not the method of a TLS socket: it would go on in the clear.
            socket.shutdown(sock, SHUT_RDWR)
        except OSError:  # closed in the meantime, which is what was wanted
            continue
