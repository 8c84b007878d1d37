"""A small HTTP server on loopback that answers as the test says and remembers what it was sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class WebServer:
    """``answers`` are given in turn, the last one for ever: (status, headers, body).

    ``decide`` answers in their place: it returns the seconds to wait, and the status or None to
    hang up.
    """

    url: str
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    write: Callable[[Any], None] | None = None
    """Writes the answer by itself, into the connection's file."""
    decide: Callable[[Received], tuple[float, int | None]] | None = None


@contextmanager
def web_server() -> Iterator[WebServer]:
    """Run a server for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received = Received(self.path, dict(self.headers), body)
            state.received.append(received)
            state.arrived.set()
            if state.decide is not None:
                self._answer(*state.decide(received))
                return
            if state.write is not None:
                state.write(self.wfile)
                return
            status, headers, text = state.answers[0]
            if len(state.answers) > 1:
                del state.answers[0]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

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

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = WebServer(f"http://127.0.0.1:{server.server_port}/hook/hunter2")
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
