"""Requests and responses, without sockets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for.

    Parameters
    ----------
    method
        As sent, in capitals: ``GET``.
    path
        Without the query, as sent (percent signs and all).
    headers
        By lower-case name.
    query
        What follows the question mark, as sent.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered; the length and the security headers are the server's to add."""

    status: HTTPStatus
    body: bytes
    content_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)


Respond = Callable[[Request], Response]
"""The whole application: must be safe to call from several threads."""


def text(status: HTTPStatus, message: str) -> Response:
    """Answer with one line of plain text."""
    return Response(status, f"{message}\n".encode())
