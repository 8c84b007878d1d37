"""The pages by path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote

from caffewatch.draw.pages import STATIC
from caffewatch.web import api, site
from caffewatch.web.answers import fitted, unpacks
from caffewatch.web.message import Request, Response, text
from caffewatch.web.sight import Sight

Check = Callable[[], str | None]
"""None while all is well, otherwise one sentence about what is wrong."""
Page = Callable[[Request], Response]


@dataclass(frozen=True, slots=True)
class Routes:
    """Answers requests from what the daemon passes in.

    Parameters
    ----------
    version
        Version of caffewatch.
    metrics
        From an Accept header, and whether to pack the body by gzip, to (content type, body).
    health
        Whether the processing loop has beaten recently.
    readiness
        Whether configuration, state and port are there.
    sight
        What pages see of the logs.
    """

    version: str
    metrics: Callable[[str, bool], tuple[str, bytes]]
    health: Check
    readiness: Check
    sight: Sight

    def respond(self, request: Request) -> Response:
        """Answer a request: 404 for an unknown path, 405 for a method other than GET and HEAD."""
        plain = self._plain()
        page = plain.get(request.path)
        shown = None if page else self._shown().get(request.path) or self._of_job(request.path)
        if page is None and shown is None:
            there = [*plain, *self._shown(), "/jobs/NAME", "/api/v1/jobs/NAME/series"]
            return text(HTTPStatus.NOT_FOUND, f"no such page; there are {' '.join(there)}")
        if request.method not in {"GET", "HEAD"}:
            message = "this page can only be read, with GET or HEAD"
            return Response(
                HTTPStatus.METHOD_NOT_ALLOWED,
                f"{message}\n".encode(),
                headers={"Allow": "GET, HEAD"},
            )
        if page is not None:
            return page(request)
        assert shown is not None
        return fitted(request, shown(request))

    def _plain(self) -> dict[str, Page]:
        """Return the pages for machines that ask again and again, each time for something new."""
        return {
            "/metrics": self._metrics,
            "/healthz": lambda _: _checked(self.health),
            "/readyz": lambda _: _checked(self.readiness),
        }

    def _shown(self) -> dict[str, Page]:
        return {
            "/": lambda _: site.index(self.sight, self.version),
            "/api/v1/jobs": lambda _: api.jobs(self.sight),
            "/api/v1/alerts": lambda _: api.alerts(self.sight),
            **{f"/static/{name}": _static(name) for name in STATIC},
        }

    def _of_job(self, path: str) -> Page | None:
        """Return the page of a configured job, None for any other path."""
        match path.split("/"):
            case ["", "jobs", quoted] if (name := unquote(quoted)) in self.sight.jobs:
                return lambda request: site.job(self.sight, self.version, name, request.query)
            case ["", "api", "v1", "jobs", quoted, "series"] if (
                name := unquote(quoted)
            ) in self.sight.jobs:
                return lambda request: api.series(self.sight, name, request.query)
        return None

    def _metrics(self, request: Request) -> Response:
        packed = unpacks(request.headers.get("accept-encoding", ""))
        content_type, body = self.metrics(request.headers.get("accept", ""), packed)
        headers = {"Vary": "Accept, Accept-Encoding"}
        if packed:
            headers["Content-Encoding"] = "gzip"
        return Response(HTTPStatus.OK, body, content_type, headers)


def _static(name: str) -> Page:
    return lambda _: site.static(name)


def _checked(check: Check) -> Response:
    problem = check()
    if problem is None:
        return text(HTTPStatus.OK, "ok")
    return text(HTTPStatus.SERVICE_UNAVAILABLE, problem)
