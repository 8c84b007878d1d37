"""One HTTP connection: reads a request within bounds, has it answered, and closes."""

from __future__ import annotations

import io
import logging
import socket
from http import HTTPStatus
from http.client import LineTooLong
from http.server import BaseHTTPRequestHandler

from caffewatch.web.message import TEXT, Request, Respond, Response, text

logger = logging.getLogger(__name__)

MAX_REQUEST_LINE = 8 * 1024
MAX_HEAD = 64 * 1024
"""Bytes of the request line and all headers together."""
MAX_DISCARDED_BODY = 64 * 1024

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class _HeadReader(io.BufferedReader):
    """Refuses to read lines beyond `MAX_HEAD`: no client decides how much memory it gets."""

    def __init__(self, raw: io.RawIOBase) -> None:
        super().__init__(raw)
        self._left = MAX_HEAD

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise LineTooLong("head of the request")
        return line


class Handler(BaseHTTPRequestHandler):
    """Answers one request a connection; a subclass names the application and the time-out."""

    server_version = "caffewatch"
    sys_version = ""
    error_message_format = "%(code)d %(message)s\n"
    error_content_type = TEXT
    respond: Respond

    def setup(self) -> None:
        """Read through a bound; time-outs of single reads and writes are the base class's."""
        super().setup()
        self.rfile.close()
        self.rfile = _HeadReader(socket.SocketIO(self.connection, "rb"))

    def handle_one_request(self) -> None:
        """Read one request of any method and answer it; a slow client is left without an answer."""
        try:
            self.raw_requestline = self.rfile.readline(MAX_REQUEST_LINE + 1)
            if len(self.raw_requestline) > MAX_REQUEST_LINE:
                self.requestline, self.request_version, self.command = "", "", ""
                self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
            elif self.raw_requestline and self.parse_request():
                self.head_complete()
                self._answer()
        except (TimeoutError, ConnectionError) as error:
            logger.debug("connection of %s ended: %r", self.client_address, error)
        self.close_connection = True

    def head_complete(self) -> None:
        """Hear that the request has been read; for the server to override."""

    def _answer(self) -> None:
        # A folded header holds line breaks, which must not get into an answer.
        headers = {name.lower(): " ".join(value.split()) for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        request = Request(self.command, path, headers, query)
        try:
            response = self.respond(request)
        except Exception:
            logger.exception("no answer to %s %r", request.method, request.path)
            response = text(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error; see the log")
        self._send(response)
        self._discard_body(headers.get("content-length", ""))

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in {**SECURITY_HEADERS, **response.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def _discard_body(self, length: str) -> None:
        """Read a body that nobody wants: closing over unread bytes may destroy the answer."""
        if length.isdecimal():
            self.rfile.read(min(int(length[:18]), MAX_DISCARDED_BODY))

    def log_message(self, format: str, *args: object) -> None:
        """Log at debug; the client's text is quoted, so that it cannot fake other lines."""
        logger.debug("%s: %r", self.client_address, format % args)
