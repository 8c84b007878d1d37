"""A small HTTP server on loopback that answers as the test says and remembers what it was sent."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class WebServer:
    """``answers`` are given in turn, the last one for ever: (status, headers, body).

    ``connections`` counts those that were opened; they are kept open as long as the client likes.
    ``decide`` answers in their place: it returns the seconds to wait, and the status or None to
    hang up.
    """

    url: str
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    received: list[Received] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    write: Callable[[Any], None] | None = None
    """Writes the answer by itself, into the connection's file."""
    answer: Callable[[bytes], tuple[int, dict[str, str], bytes]] | None = None
    """Makes the answer out of what was sent."""
    decide: Callable[[Received], tuple[float, int | None]] | None = None


@contextmanager
def web_server(tls: ssl.SSLContext | None = None) -> Iterator[WebServer]:
    """Run a server, with TLS where there is a context, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            state.connections += 1

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if len(body) < length:  # its sender was killed over it: nobody has received that
                self.close_connection = True
                return
            received = Received(self.command, self.path, dict(self.headers), body)
            state.received.append(received)
            state.arrived.set()
            if state.decide is not None:
                self._answer(*state.decide(received))
                return
            if state.write is not None:
                state.write(self.wfile)
                self.close_connection = True
                return
            if state.answer is not None:
                status, headers, text = state.answer(body)
            else:
                status, headers, text = state.answers[0]
                if len(state.answers) > 1:
                    del state.answers[0]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self) -> None:
            self.do_POST()

        def _answer(self, delay: float, status: int | None) -> None:
            state.ended.wait(delay)
            self.close_connection = True
            # Whoever asked may have been killed by now.
            with suppress(OSError):
                if status is not None:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep the tests' output clean."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Keep the tests' output clean of clients that hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    scheme = "http" if tls is None else "https"
    state = WebServer(f"{scheme}://127.0.0.1:{server.server_port}/hook/hunter2")
    state.answers.append((200, {}, b"ok"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        state.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
