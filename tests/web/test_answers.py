from __future__ import annotations

import gzip

import pytest
from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotFound
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from caffewatch.web.answers import as_error, fitted

BODY = b"x" * 5000


def answer(body: bytes = BODY, **headers: str) -> Response:
    """Fit an answer to a request with these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request(EnvironBuilder(headers=Headers(named)).get_environ())
    fitting = fitted(request, Response(body, headers={"X-Own": "kept"}))
    return Response.from_app(fitting, request.environ)


class TestFitted:
    def test_what_the_client_has_is_not_sent_again(self) -> None:
        """The tag of an answer brings 304 without a length, also among others, weak or not."""
        tag = answer().headers["ETag"]

        for given in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
            again = answer(if_none_match=given)
            assert (again.status_code, again.data) == (304, b"")
            assert again.headers["ETag"] == tag
            assert "Content-Length" not in again.headers

    def test_another_body_has_another_tag(self) -> None:
        """A tag of something else brings the whole."""
        other = answer(b"y").headers["ETag"]

        assert answer(if_none_match=other).status_code == 200

    @pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*", "GZIP"])
    def test_packed(self, accepted: str) -> None:
        """A client that unpacks gets less to carry, with the same tag."""
        packed = answer(accept_encoding=accepted)

        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == BODY
        assert int(packed.headers["Content-Length"]) == len(packed.data)
        assert (packed.headers["X-Own"], packed.headers["Vary"]) == ("kept", "Accept-Encoding")
        assert packed.headers["ETag"] == answer().headers["ETag"]

    @pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.0", "x-gzip-not"])
    def test_not_packed(self, accepted: str) -> None:
        """A client that does not ask for it gets it plain."""
        assert answer(accept_encoding=accepted).data == BODY


def wrong(error: HTTPException, path: str, **headers: str) -> Response:
    """Answer a request for a path with an error."""
    return as_error(error, Request(EnvironBuilder(path, headers=Headers(headers)).get_environ()))


class TestAsError:
    def test_programs_get_json(self) -> None:
        """They parse what the API answers, whatever it is."""
        assert wrong(BadRequest("no <such>"), "/api/v1/jobs").json == {"error": "no <such>"}

    @pytest.mark.parametrize("accept", ["", "*/*", "text/plain"])
    def test_tools_get_text(self, accept: str) -> None:
        """It is one sentence, and is not to be remembered."""
        answer = wrong(BadRequest("no <such>"), "/jobs/x", Accept=accept)

        assert (answer.status_code, answer.data) == (400, b"no <such>\n")
        assert answer.content_type == "text/plain; charset=utf-8"
        assert "ETag" not in answer.headers

    def test_browsers_get_a_page(self) -> None:
        """It leads on: to all jobs, and to the page without the query."""
        accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        answer = wrong(NotFound("no <such>"), "/jobs/x?run=7", Accept=accept)

        text = answer.get_data(as_text=True)
        assert (answer.status_code, answer.content_type) == (404, "text/html; charset=utf-8")
        assert "no &lt;such&gt;" in text
        assert '<a href="../">All jobs</a> · <a href="?">x as it stands</a>' in text
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")

    def test_methods_are_told(self) -> None:
        """Headers that belong to an error are kept."""
        assert wrong(MethodNotAllowed(["GET"], "no"), "/").headers["Allow"] == "GET"
