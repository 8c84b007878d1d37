from __future__ import annotations

import json

import pytest
from werkzeug.test import TestResponse

from caffewatch.web.routes import Check, Routes
from caffewatch.web.sight import Sight
from tests.web.sights import ask


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


def get(path: str, **headers: str) -> TestResponse:
    """Ask a healthy daemon."""
    return ask(routes(), path, **headers)


class TestRoutes:
    def test_metrics_are_negotiated(self) -> None:
        """The Accept header is the exporter's to judge."""
        response = get("/metrics", accept="application/openmetrics-text")

        assert (response.status_code, response.content_type) == (200, "text/plain")
        assert response.data == b"application/openmetrics-text False"
        assert response.headers["Vary"] == "Accept, Accept-Encoding"

    @pytest.mark.parametrize("accepted", ["gzip", "deflate, gzip;q=1.0, *;q=0.5"])
    def test_metrics_are_packed_for_who_can_unpack(self, accepted: str) -> None:
        """Prometheus can."""
        response = get("/metrics", accept_encoding=accepted)

        assert response.data == b" True"
        assert response.headers["Content-Encoding"] == "gzip"

    @pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "identity"])
    def test_metrics_are_plain_for_all_others(self, accepted: str) -> None:
        """Curl and whoever refuses."""
        response = get("/metrics", accept_encoding=accepted)

        assert response.data == b" False"
        assert "Content-Encoding" not in response.headers

    def test_index_names_version_and_pages(self) -> None:
        """A person finds the rest from here."""
        page = get("/").text

        assert "caffewatch 0.1.0&lt;" in page
        assert all(f'href="{path}"' in page for path in ("metrics", "healthz", "readyz"))

    @pytest.mark.parametrize("path", ["/metrics/", "/x", "/../metrics", "/jobs//", "/static/"])
    def test_unknown_paths(self, path: str) -> None:
        """There is nothing beside the pages."""
        assert get(path).status_code == 404

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("/jobs/a%20b", "no job 'a b'; / lists them"),
            ("/jobs/", "no such page; there are / /api/v1/alerts "),
        ],
    )
    def test_what_there_is_instead(self, path: str, said: str) -> None:
        """Whoever mistypes a job learns where they are."""
        assert get(path).text.startswith(said)

    def test_programs_get_json(self) -> None:
        """They parse what the API answers, whatever it is."""
        assert json.loads(get("/api/v2/jobs").data)["error"].startswith("no such page")

    @pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
    def test_pages_can_only_be_read(self, method: str) -> None:
        """Other methods are told which ones there are."""
        response = ask(routes(), "/metrics", method)

        assert response.status_code == 405
        assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD"}
        assert response.text == "this page can only be read, with GET or HEAD\n"

    def test_unknown_path_comes_before_method(self) -> None:
        """What is not there cannot be posted to either."""
        assert ask(routes(), "/x", "POST").status_code == 404

    def test_head_has_no_body(self) -> None:
        """HEAD tells the length of what GET would send."""
        response = ask(routes(), "/healthz", "HEAD")

        assert (response.headers["Content-Length"], response.data) == ("3", b"")

    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_all_is_well(self, path: str) -> None:
        """Both checks are 200 and one word."""
        response = get(path)

        assert (response.status_code, response.data) == (200, b"ok\n")

    def test_each_check_tells_its_problem(self) -> None:
        """Health and readiness fail apart, each with its reason."""
        asked = routes(health=lambda: "no beat for 31 s", readiness=lambda: "starting")

        health, readiness = ask(asked, "/healthz"), ask(asked, "/readyz")

        assert (health.status_code, health.data) == (503, b"no beat for 31 s\n")
        assert (readiness.status_code, readiness.data) == (503, b"starting\n")


class TestEveryAnswer:
    @pytest.mark.parametrize("path", ["/metrics", "/x"])
    def test_security_headers(self, path: str) -> None:
        """None may be framed, sniffed, stored or run scripts, and none names Python."""
        headers = get(path).headers

        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "caffewatch"

    def test_a_fault_is_logged_and_not_told(self, caplog: pytest.LogCaptureFixture) -> None:
        """The client gets 500, the log gets the reason."""

        def fail() -> str:
            raise RuntimeError("the secret reason")

        response = ask(routes(health=fail), "/healthz")

        assert (response.status_code, "secret" in response.text) == (500, False)
        assert response.headers["Server"] == "caffewatch"
        assert "the secret reason" in caplog.text
