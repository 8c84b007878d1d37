from __future__ import annotations

from http import HTTPStatus

import pytest

from caffewatch.web.message import Request, Response
from caffewatch.web.routes import Check, Routes
from caffewatch.web.sight import Sight


def routes(health: Check = lambda: None, readiness: Check = lambda: None) -> Routes:
    """Return routes of a daemon; its metrics tell how they were asked."""
    sight = Sight((), list, list, lambda job, log: None)
    return Routes(
        "0.1.0<",
        lambda accept, packed: ("text/plain", f"{accept} {packed}".encode()),
        health,
        readiness,
        sight,
    )


def get(path: str, accept: str = "") -> Response:
    """Ask a healthy daemon."""
    return routes().respond(Request("GET", path, {"accept": accept}))


class TestRoutes:
    def test_metrics_are_negotiated(self) -> None:
        """The Accept header is the exporter's to judge."""
        response = get("/metrics", accept="application/openmetrics-text")

        assert (response.status, response.content_type) == (HTTPStatus.OK, "text/plain")
        assert response.body == b"application/openmetrics-text False"
        assert response.headers == {"Vary": "Accept, Accept-Encoding"}

    @pytest.mark.parametrize("accepted", ["gzip", "deflate, gzip;q=1.0, *;q=0.5"])
    def test_metrics_are_packed_for_who_can_unpack(self, accepted: str) -> None:
        """Prometheus can."""
        response = routes().respond(Request("GET", "/metrics", {"accept-encoding": accepted}))

        assert response.body == b" True"
        assert response.headers["Content-Encoding"] == "gzip"

    @pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "identity"])
    def test_metrics_are_plain_for_all_others(self, accepted: str) -> None:
        """Curl and whoever refuses."""
        response = routes().respond(Request("GET", "/metrics", {"accept-encoding": accepted}))

        assert response.body == b" False"
        assert "Content-Encoding" not in response.headers

    def test_index_names_version_and_pages(self) -> None:
        """A person finds the rest from here."""
        page = get("/").body.decode()

        assert "caffewatch 0.1.0&lt;" in page
        assert all(f'href="{path}"' in page for path in ("metrics", "healthz", "readyz"))

    @pytest.mark.parametrize(
        "path", ["/metrics/", "/x", "", "//", "/../metrics", "*", "/%6detrics"]
    )
    def test_unknown_paths(self, path: str) -> None:
        """There is nothing beside the pages."""
        assert get(path).status == HTTPStatus.NOT_FOUND

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW", "get"])
    def test_pages_can_only_be_read(self, method: str) -> None:
        """Other methods are told which ones there are."""
        response = routes().respond(Request(method, "/metrics"))

        assert response.status == HTTPStatus.METHOD_NOT_ALLOWED
        assert response.headers == {"Allow": "GET, HEAD"}

    def test_unknown_path_comes_before_method(self) -> None:
        """What is not there cannot be posted to either."""
        assert routes().respond(Request("POST", "/x")).status == HTTPStatus.NOT_FOUND

    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_all_is_well(self, path: str) -> None:
        """Both checks are 200 and one word."""
        response = get(path)

        assert (response.status, response.body) == (HTTPStatus.OK, b"ok\n")

    def test_each_check_tells_its_problem(self) -> None:
        """Health and readiness fail apart, each with its reason."""
        asked = routes(health=lambda: "no beat for 31 s", readiness=lambda: "starting")

        health = asked.respond(Request("GET", "/healthz"))
        readiness = asked.respond(Request("GET", "/readyz"))

        assert (health.status, health.body) == (503, b"no beat for 31 s\n")
        assert (readiness.status, readiness.body) == (503, b"starting\n")
