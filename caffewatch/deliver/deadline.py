"""A time limit on a whole exchange, which neither requests nor smtplib has.

Their read time-outs count from one piece to the next, so a server that drips its answer holds a
caller for ever. When the limit is reached the sockets are shut down from a timer's thread; the
blocked read then ends.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterable, Iterator
from threading import Timer
from typing import Any, cast

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool


class Deadline:
    """A limit on the time that an exchange may take.

    Parameters
    ----------
    seconds
        The limit.
    sockets
        Gives the sockets in use; called from another thread, when the limit is reached.
    """

    def __init__(self, seconds: float, sockets: Callable[[], Iterable[socket.socket]]) -> None:
        self.seconds = seconds
        self.expired = False
        self._sockets = sockets

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run the exchange inside; ``expired`` tells afterwards whether it was cut short."""
        self.expired = False
        timer = Timer(self.seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _expire(self) -> None:
        self.expired = True
        for sock in self._sockets():
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown, which pulls the TLS state from under the reader.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class DeadlineAdapter(HTTPAdapter):
    """A transport of requests for one thread; it knows its open connections and can end them.

    Parameters
    ----------
    seconds
        Longest time that the code within ``deadline`` may spend on the network.
    """

    def __init__(self, seconds: float) -> None:
        self._connections: list[HTTPConnection] = []
        self.deadline = Deadline(seconds, self._sockets)
        super().__init__(pool_connections=1, pool_maxsize=1)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        """Make the pool as requests does, and have it report the connections that it opens."""
        pool = cast(HTTPConnectionPool, super().get_connection_with_tls_context(*args, **kwargs))
        make = type(pool).ConnectionCls

        def connect(*args: Any, **kwargs: Any) -> HTTPConnection:
            connection = cast(HTTPConnection, make(*args, **kwargs))
            self._connections = [c for c in self._connections if c.sock is not None]
            self._connections.append(connection)
            return connection

        pool.ConnectionCls = connect  # type: ignore[assignment] # urllib3 only calls it
        return pool

    def _sockets(self) -> list[socket.socket]:
        return [c.sock for c in self._connections if c.sock is not None]
