"""Answers that a client may already have, and that travel small."""

from __future__ import annotations

import gzip
import hashlib
import json
from http import HTTPStatus

from caffewatch.web.message import HTML, Request, Response

JSON = "application/json"
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SMALL = 1024
"""Bytes below which nothing is gained by packing."""


def as_json(value: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Answer with JSON, in which nothing may be nan."""
    body = json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    return Response(status, body, JSON)


def as_page(html: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Answer with a page that loads nothing but our own style and script."""
    body = html.encode("utf-8", "replace")
    return Response(status, body, HTML, {"Content-Security-Policy": PAGE_POLICY})


def fitted(request: Request, response: Response) -> Response:
    """Leave out what the client has by its ETag, and pack the rest if it can unpack.

    The tag is weak: it is the same for the packed and the plain body.
    """
    if response.status != HTTPStatus.OK:
        return response
    tag = f'W/"{hashlib.blake2b(response.body, digest_size=12).hexdigest()}"'
    headers = {
        **response.headers, "ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding",
    }  # fmt: skip
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(HTTPStatus.NOT_MODIFIED, b"", response.content_type, headers)
    body = response.body
    if len(body) >= _SMALL and unpacks(request.headers.get("accept-encoding", "")):
        body = gzip.compress(body, compresslevel=5, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(response.status, body, response.content_type, headers)


def _has(header: str, tag: str) -> bool:
    opaque = tag.removeprefix("W/")
    given = [x.strip().removeprefix("W/") for x in header.split(",")]
    return opaque in given or header.strip() == "*"


def unpacks(header: str) -> bool:
    """Tell from an Accept-Encoding header whether a client can unpack gzip."""
    for part in header.lower().split(","):
        name, _, weight = part.strip().partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "").rstrip("0.") != "q="
    return False
