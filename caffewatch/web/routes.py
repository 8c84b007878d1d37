"""The application: pages by path."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from caffewatch.draw.assets import STATIC
from caffewatch.web import api, site
from caffewatch.web.answers import SECURITY_HEADERS, as_error, as_text, fitted, unpacks
from caffewatch.web.sight import Sight

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Check = Callable[[], str | None]
"""None while all is well, otherwise one sentence about what is wrong."""

logger = logging.getLogger(__name__)

_PLAIN = ("metrics", "healthz", "readyz")
"""Pages for machines that ask again and again, each time for something new."""
_PAGES = Map(
    [
        Rule(path, endpoint=endpoint, methods=["GET"])
        for path, endpoint in (
            ("/", "index"),
            ("/jobs/<path:name>", "job"),
            ("/metrics", "metrics"),
            ("/healthz", "healthz"),
            ("/readyz", "readyz"),
            ("/api/v1/jobs", "jobs"),
            ("/api/v1/alerts", "alerts"),
            ("/api/v1/jobs/<path:name>/series", "series"),
            *((f"/static/{name}", "static") for name in STATIC),
        )
    ],
    merge_slashes=False,
).bind("localhost")


@dataclass(frozen=True, slots=True)
class Routes:
    """Answers requests from what the daemon passes in, from several threads at once.

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

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, as WSGI has it."""
        request = Request(environ)
        try:
            response = self._answer(request)
        except HTTPException as error:
            response = as_error(error, request)
        except Exception:
            logger.exception("no answer to %s %r", request.method, request.path)
            response = as_error(InternalServerError("internal error; see the log"), request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            page, given = _PAGES.match(request.path, request.method)
        except MethodNotAllowed as error:
            error.description = "this page can only be read, with GET or HEAD"
            raise
        except NotFound as error:
            error.description = f"no such page; there are {_known()}"
            raise
        match page:
            case "metrics":
                return self._metrics(request)
            case "healthz":
                return _checked(self.health)
            case "readyz":
                return _checked(self.readiness)
        return fitted(request, self._shown(page, request, given.get("name", "")))

    def _shown(self, page: str, request: Request, name: str) -> Response:
        """Return a page that may be the same as before; ``name`` is what varies in its path."""
        match page:
            case "index":
                return site.index(self.sight, self.version)
            case "job":
                if name not in self.sight.jobs:
                    raise NotFound(f"no job {name!r}; / lists them")
                return site.job(self.sight, self.version, name, request.args)
            case "jobs":
                return api.jobs(self.sight)
            case "alerts":
                return api.alerts(self.sight)
            case "series":
                if name not in self.sight.jobs:
                    raise NotFound(f"no job {name!r}; /api/v1/jobs lists them")
                return api.series(self.sight, name, request.args)
        return site.static(request.path.removeprefix("/static/"))

    def _metrics(self, request: Request) -> Response:
        packed = unpacks(request)
        content_type, body = self.metrics(request.headers.get("Accept", ""), packed)
        response = Response(body, content_type=content_type)
        response.vary.update(("Accept", "Accept-Encoding"))
        if packed:
            response.content_encoding = "gzip"
        return response


def _checked(check: Check) -> Response:
    problem = check()
    if problem is None:
        return as_text("ok")
    return as_text(problem, HTTPStatus.SERVICE_UNAVAILABLE)


def _known() -> str:
    """List the paths that there are."""
    rules = (re.sub("<path:.*?>", "NAME", one.rule) for one in _PAGES.map.iter_rules())
    return " ".join(sorted(rules))
