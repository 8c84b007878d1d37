"""Answers of each kind, those that a client may already have, and what is wrong."""

from __future__ import annotations

import gzip
import json
from http import HTTPStatus

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from caffewatch.draw import pages
from caffewatch.version import VERSION

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Server": "caffewatch",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer has that does not say otherwise."""
_SMALL = 1024
"""Bytes below which nothing is gained by packing."""


def as_text(message: str, status: int = HTTPStatus.OK) -> Response:
    """Answer with one line of plain text."""
    return Response(f"{message}\n", status, content_type=TEXT)


def as_json(value: object, status: int = HTTPStatus.OK) -> Response:
    """Answer with JSON, in which nothing may be nan."""
    body = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return Response(body, status, content_type=JSON)


def as_page(html: str, status: int = HTTPStatus.OK) -> Response:
    """Answer with a page that loads nothing but our own style and script."""
    headers = {"Content-Security-Policy": PAGE_POLICY}
    return Response(html.encode("utf-8", "replace"), status, headers, content_type=HTML)


def as_error(error: HTTPException, request: Request) -> Response:
    """Say what is wrong with a request: to programs as JSON, to browsers on a page."""
    status, message = error.code or HTTPStatus.INTERNAL_SERVER_ERROR, error.description or ""
    if request.path.startswith("/api/"):
        answer = as_json({"error": message}, status)
    elif request.accept_mimetypes.best_match(("text/plain", "text/html")) == "text/html":
        answer = as_page(_page(error, request), status)
    else:
        answer = as_text(message, status)
    for name, value in error.get_headers():
        answer.headers.setdefault(name, value)
    return answer


def _page(error: HTTPException, request: Request) -> str:
    """Draw an error; where another query would have an answer, that is a link."""
    return pages.render(
        "error.html.j2",
        root="../" * (request.path.count("/") - 1),
        name=error.name,
        message=error.description,
        here=request.path.rsplit("/", 1)[-1] if request.query_string else "",
        version=VERSION,
    )


def fitted(request: Request, response: Response) -> Response:
    """Leave out what the client has by its ETag, and pack the rest if it can unpack.

    The tag is weak: it is the same for the packed and the plain body.
    """
    response.add_etag(weak=True)
    response.headers["Cache-Control"] = "no-cache"
    response.vary.add("Accept-Encoding")
    response.make_conditional(request)
    body = response.get_data()
    if response.status_code == HTTPStatus.OK and len(body) >= _SMALL and unpacks(request):
        response.set_data(gzip.compress(body, compresslevel=5, mtime=0))
        response.content_encoding = "gzip"
    return response


def unpacks(request: Request) -> bool:
    """Tell whether a client can unpack gzip."""
    return request.accept_encodings.quality("gzip") > 0
