"""A time limit on a whole exchange, which requests does not have.

Its read time-out counts from one piece to the next, so a server that drips its answer holds a
caller for ever. When the limit is reached the socket is shut down from a timer's thread; the
blocked read then ends.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from threading import Timer
from typing import Any, cast

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool


class DeadlineAdapter(HTTPAdapter):
    """A transport for one thread that knows its open connections and can end them.

    Parameters
    ----------
    seconds
        Longest time that the code within `deadline` may spend on the network.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.expired = False
        self._connections: list[HTTPConnection] = []
        super().__init__(pool_connections=1, pool_maxsize=1)

    @contextlib.contextmanager
    def deadline(self) -> Iterator[None]:
        """Run the exchange inside; ``expired`` tells afterwards whether it was cut short."""
        self.expired = False
        timer = Timer(self.seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self._connections = [c for c in self._connections if c.sock is not None]

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        """Make the pool as requests does, and have it report the connections that it opens."""
        pool = cast(HTTPConnectionPool, super().get_connection_with_tls_context(*args, **kwargs))
        make = type(pool).ConnectionCls

        def connect(*args: Any, **kwargs: Any) -> HTTPConnection:
            connection = cast(HTTPConnection, make(*args, **kwargs))
            self._connections.append(connection)
            return connection

        pool.ConnectionCls = connect  # type: ignore[assignment] # urllib3 only calls it
        return pool

    def _expire(self) -> None:
        self.expired = True
        for connection in self._connections:
            if connection.sock is not None:
                with contextlib.suppress(OSError):
                    # Not SSLSocket.shutdown, which pulls the TLS state from under the reader.
                    socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
