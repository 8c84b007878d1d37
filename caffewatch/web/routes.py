"""The pages by path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from http import HTTPStatus

from caffewatch.web.message import HTML, Request, Response, text

Check = Callable[[], str | None]
"""None while all is well, otherwise one sentence about what is wrong."""

PAGES = {
    "/metrics": "metrics for Prometheus",
    "/healthz": "200 while the processing loop runs",
    "/readyz": "200 once configuration, state and port are there",
}


@dataclass(frozen=True, slots=True)
class Routes:
    """Answers requests from what the daemon passes in.

    Parameters
    ----------
    version
        Version of caffewatch.
    metrics
        From an Accept header to (content type, body).
    health
        Whether the processing loop has beaten recently.
    readiness
        Whether configuration, state and port are there.
    """

    version: str
    metrics: Callable[[str], tuple[str, bytes]]
    health: Check
    readiness: Check

    def respond(self, request: Request) -> Response:
        """Answer a request: 404 for an unknown path, 405 for a method other than GET and HEAD."""
        pages: dict[str, Callable[[Request], Response]] = {
            "/": lambda _: self._index(),
            "/metrics": self._metrics,
            "/healthz": lambda _: _checked(self.health),
            "/readyz": lambda _: _checked(self.readiness),
        }
        page = pages.get(request.path)
        if page is None:
            return text(HTTPStatus.NOT_FOUND, f"no such page; there are {' '.join(pages)}")
        if request.method not in {"GET", "HEAD"}:
            message = "this page can only be read, with GET or HEAD"
            return Response(
                HTTPStatus.METHOD_NOT_ALLOWED,
                f"{message}\n".encode(),
                headers={"Allow": "GET, HEAD"},
            )
        return page(request)

    def _metrics(self, request: Request) -> Response:
        content_type, body = self.metrics(request.headers.get("accept", ""))
        return Response(HTTPStatus.OK, body, content_type, {"Vary": "Accept"})

    def _index(self) -> Response:
        items = "\n".join(
            f'<li><a href="{path}">{path}</a>: {escape(what)}</li>' for path, what in PAGES.items()
        )
        page = (
            '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>caffewatch</title>\n'
            f"<h1>caffewatch {escape(self.version)}</h1>\n<ul>\n{items}\n</ul>\n</html>\n"
        )
        return Response(HTTPStatus.OK, page.encode(), HTML)


def _checked(check: Check) -> Response:
    problem = check()
    if problem is None:
        return text(HTTPStatus.OK, "ok")
    return text(HTTPStatus.SERVICE_UNAVAILABLE, problem)
