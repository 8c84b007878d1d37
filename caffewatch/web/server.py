"""The server: a bounded number of threads, and a deadline for every client.

It is the standard library's, with bounds of our own. cheroot, the one WSGI server with TLS that
runs inside a process, was tried and has none of them (11.1): its time-outs begin anew with every
byte, it shakes hands where it accepts, so that one silent client stops all, nobody makes room when
threads run out, and its threads are no daemons, so that a process which fails does not end.
"""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from dataclasses import dataclass
from socketserver import BaseServer, ThreadingTCPServer
from ssl import SSLSocket
from typing import Any

from caffewatch.web.connections import Connections, hang_up
from caffewatch.web.handler import Handler
from caffewatch.web.message import Respond
from caffewatch.web.tls import Tls, TlsFiles

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client, and all together, may take.

    Parameters
    ----------
    connections
        Open at once, each with a thread. When all are taken, whoever has been slowest to ask is
        hung up on for the next one.
    idle
        Seconds without a byte from the client, and for it to take the whole answer.
    total
        Seconds from connecting to the last byte of the answer.
    """

    connections: int = 32
    idle: float = 5.0
    total: float = 15.0


class Server:
    """Serves an application until it is closed; bound once it is made, answering once started.

    Parameters
    ----------
    host, port
        Where to listen; port 0 takes a free one, which `url` tells.
    respond
        The application.
    limits
        What clients may take.
    tls
        Certificates; None for plain HTTP.

    Raises
    ------
    OSError
        The address is not this machine's, or taken, or the certificates are faulty.
    """

    def __init__(
        self,
        host: str,
        port: int,
        respond: Respond,
        limits: Limits | None = None,
        tls: TlsFiles | None = None,
    ) -> None:
        secure = None if tls is None else Tls(tls)
        self._server = _Server(host, port, respond, limits or Limits(), secure)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.2,), name="web", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens, as ``http://host:port/``, or https."""
        host, port = self._server.server_address[:2]
        return address_url(str(host), port, "http" if self._server.tls is None else "https")

    def start(self) -> None:
        """Begin to answer, in threads of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end every connection."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        hang_up(self._server.connections.everyone())


def address_url(host: str, port: int, scheme: str = "http") -> str:
    """Return the URL of a listening address; one of IPv6 gets its brackets."""
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, host: str, port: int, respond: Respond, limits: Limits, tls: Tls | None
    ) -> None:
        # HTTPServer would look up the host's full name too, which can take a resolver's time-out.
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        self.address_family, _, _, _, address = found[0]
        self.limits = limits
        self.tls = tls
        self.connections = Connections()
        self._slots = threading.Semaphore(limits.connections)
        super().__init__((str(address[0]), int(address[1])), _handler(respond, limits.idle))

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a connection its thread, or close it when none comes free within a second."""
        if not self._slots.acquire(blocking=False):
            hang_up(self.connections.oldest_asking())
            if not self._slots.acquire(timeout=1.0):
                logger.debug("%s turned away: all connections are taken", client_address)
                self.shutdown_request(request)
                return
        self.connections.add(request, time.monotonic())
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread to be had
            self._leave(request)
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection in its thread."""
        try:
            request = self._secured(request)
            super().process_request_thread(request, client_address)
        except OSError:  # gone before it could be secured
            self.handle_error(request, client_address)
            self.shutdown_request(request)
        finally:
            self._leave(request)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands, where that is called for, then read and answer."""
        if isinstance(request, SSLSocket):
            request.settimeout(self.limits.idle)
            request.do_handshake()
        super().finish_request(request, client_address)

    def _secured(self, request: Any) -> Any:
        """Make a connection's TLS socket, without a byte on the line as yet."""
        if self.tls is None:
            return request
        secured = self.tls.context().wrap_socket(
            request, server_side=True, do_handshake_on_connect=False
        )
        self.connections.exchange(request, secured)
        return secured

    def service_actions(self) -> None:
        """End the connections that are past their deadline; called five times a second."""
        hang_up(self.connections.overdue(time.monotonic(), self.limits.total))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what a connection's thread died of: a client's doing quietly, our own fault aloud."""
        level = logging.DEBUG if isinstance(sys.exception(), OSError) else logging.ERROR
        logger.log(level, "connection of %s failed", client_address, exc_info=True)

    def _leave(self, request: Any) -> None:
        self.connections.remove(request)
        self._slots.release()


def _handler(respond_to: Respond, idle: float) -> type[Handler]:
    class BoundHandler(Handler):
        timeout = idle
        respond = staticmethod(respond_to)
        server: BaseServer

        def head_complete(self) -> None:
            assert isinstance(self.server, _Server)
            self.server.connections.asked(self.connection)

    return BoundHandler
