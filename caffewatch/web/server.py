"""The server: tornado's for WSGI, with bounds on all that clients take.

Heads and bodies are read, and answers written, by one thread for all connections; only a request
that is complete gets one of a few threads, in which the application answers it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPConnection, HTTPMessageDelegate, HTTPServerRequest
from tornado.iostream import IOStream, StreamClosedError
from tornado.wsgi import WSGIContainer

from caffewatch.web.tls import Tls, TlsFiles

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

logger = logging.getLogger(__name__)
# What it says of clients, such as failed handshakes, must not fill anybody's log.
logging.getLogger("tornado.general").setLevel(logging.ERROR)

MAX_HEAD = 64 * 1024
"""Bytes of the request line and all headers together."""
MAX_BODY = 64 * 1024
"""Bytes of a body, which nobody wants."""

_BACKLOG = 128


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client, and all together, may take.

    Parameters
    ----------
    connections
        Open at once. Beyond these, whoever has been slowest to ask is hung up on for the next one;
        between two of its requests a client is as one that has yet to ask.
    threads
        Requests that are answered at once; others wait for their turn.
    idle
        Seconds for a client to send the head of its request, for the body, and to take the answer.
    total
        Seconds from connecting, or from the answer before, to the last byte of the answer.
    """

    connections: int = 128
    threads: int = 8
    idle: float = 5.0
    total: float = 15.0


class Server:
    """Serves an application until it is closed; bound once it is made, answering once started.

    Parameters
    ----------
    host, port
        Where to listen; port 0 takes a free one, which `url` tells.
    app
        The application, which is called from several threads at once.
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
        app: WSGIApplication,
        limits: Limits | None = None,
        tls: TlsFiles | None = None,
    ) -> None:
        self._tls = None if tls is None else Tls(tls)
        self._limits = limits or Limits()
        self._app = app
        self._socket = _bound(host, port)
        self._address: tuple[str, int] = self._socket.getsockname()[:2]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="web", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens, as ``http://host:port/``, or https."""
        return address_url(*self._address, "http" if self._tls is None else "https")

    def start(self) -> None:
        """Begin to answer, in threads of its own."""
        self._thread.start()
        self._started.wait()

    def close(self) -> None:
        """Stop listening and end every connection."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()
        self._socket.close()

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(_on_error)
        with ThreadPoolExecutor(self._limits.threads, "web") as pool:
            container = _Container(self._app, pool, self._address)
            server = _Server(container, self._limits, self._tls)
            server.add_sockets([self._socket])
            self._started.set()
            await self._end.wait()
            server.stop()
            server.hang_up_all()
            await server.close_all_connections()


def _on_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody caught: want of descriptors, say, quietly, for it comes again and again."""
    error = context.get("exception")
    level = logging.DEBUG if isinstance(error, OSError) else logging.ERROR
    logger.log(level, "%s", context["message"], exc_info=error)


def _bound(host: str, port: int) -> socket.socket:
    """Listen where asked to; of several addresses of a name, at the first."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    sock = socket.create_server((str(address[0]), int(address[1])), family=family, backlog=_BACKLOG)
    sock.setblocking(False)
    return sock


def address_url(host: str, port: int, scheme: str = "http") -> str:
    """Return the URL of a listening address; one of IPv6 gets its brackets."""
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


class _Container(WSGIContainer):
    """Runs the application in a pool of threads."""

    def __init__(
        self, app: WSGIApplication, pool: ThreadPoolExecutor, address: tuple[str, int]
    ) -> None:
        super().__init__(app, pool)
        self._address = {"SERVER_NAME": address[0], "SERVER_PORT": str(address[1])}

    def environ(self, request: HTTPServerRequest) -> dict[str, Any]:
        """Name the server by where it listens: the base class stumbles over ``Host: a:``."""
        request.host = ""
        return super().environ(request) | self._address

    def _log(self, status_code: int, request: HTTPServerRequest) -> None:
        # The client's text is quoted, so that it cannot fake other lines.
        asked = f"{request.method} {request.uri}"
        logger.debug("%s: %r: %d", request.remote_ip, asked, status_code)


@dataclass(slots=True)
class _Exchange:
    """A request and its answer, from when the client may begin; over when the ``timer`` ends."""

    timer: asyncio.TimerHandle
    is_asked: bool = False


class _Server(HTTPServer):
    def initialize(  # type: ignore[override]  # tornado's way to have parameters of one's own
        self, container: WSGIContainer, limits: Limits, tls: Tls | None
    ) -> None:
        self._container, self._limits, self._tls = container, limits, tls
        self._exchanges: dict[IOStream, _Exchange] = {}
        self._answers: set[asyncio.Task[None]] = set()
        super().initialize(
            self._on_request,
            max_header_size=MAX_HEAD,
            max_body_size=MAX_BODY,
            idle_connection_timeout=limits.idle,
            body_timeout=limits.idle,
        )

    @property
    def ssl_options(self) -> Any:
        """What tornado takes for each new connection: the certificates as they are now."""
        return None if self._tls is None else self._tls.context()

    @ssl_options.setter
    def ssl_options(self, value: object) -> None:
        """Ignore what the base class sets."""

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Take a connection in, or turn it away when all are being answered."""
        if len(self._exchanges) >= self._limits.connections:
            waiting = (x for x, exchange in self._exchanges.items() if not exchange.is_asked)
            slowest = next(waiting, stream)
            slowest.close()
            if slowest is stream:
                logger.debug("%s turned away: all connections are taken", address)
                return
            self._forget(slowest)
        self._expect(stream)
        super().handle_stream(stream, address)

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Await a connection's first request, or its next."""
        connection: Any = request_conn
        self._expect(connection.stream)
        return super().start_request(server_conn, request_conn)

    def on_close(self, server_conn: Any) -> None:
        """Forget a connection that has ended, whoever ended it."""
        super().on_close(server_conn)
        self._forget(server_conn.stream)
        logger.debug("connection ended: %r", server_conn.stream.error)

    def hang_up_all(self) -> None:
        """End every connection."""
        for stream in list(self._exchanges):
            stream.close()

    def _expect(self, stream: IOStream) -> None:
        """Begin an exchange; those that began before are ahead of it."""
        self._forget(stream)
        timer = asyncio.get_running_loop().call_later(self._limits.total, stream.close)
        self._exchanges[stream] = _Exchange(timer)

    def _forget(self, stream: IOStream) -> None:
        if (exchange := self._exchanges.pop(stream, None)) is not None:
            exchange.timer.cancel()

    def _on_request(self, request: HTTPServerRequest) -> None:
        task = asyncio.ensure_future(self._answer(request))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, request: HTTPServerRequest) -> None:
        connection: Any = request.connection
        stream: IOStream = connection.stream
        exchange = self._exchanges.get(stream)
        if exchange is None:
            return
        exchange.is_asked = True
        try:
            await self._container.handle_request(request)
        except StreamClosedError:
            logger.debug("%s has hung up", request.remote_ip)
        except Exception:
            logger.exception("an answer to %s cannot be sent", request.remote_ip)
            stream.close()
        else:
            loop = asyncio.get_running_loop()
            end = min(exchange.timer.when(), loop.time() + self._limits.idle)
            exchange.timer.cancel()
            exchange.timer = loop.call_at(end, stream.close)
