from __future__ import annotations

import gzip

import pytest
from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, MethodNotAllowed
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


class TestAsError:
    def test_pages_get_text_and_programs_json(self) -> None:
        """What is wrong is one sentence for both, and is not to be remembered."""
        error = BadRequest("no such <thing>")

        page, program = as_error(error, "/jobs/x"), as_error(error, "/api/v1/jobs")

        assert (page.status_code, page.data) == (400, b"no such <thing>\n")
        assert page.content_type == "text/plain; charset=utf-8"
        assert program.json == {"error": "no such <thing>"}
        assert "ETag" not in page.headers

    def test_methods_are_told(self) -> None:
        """Headers that belong to an error are kept."""
        assert as_error(MethodNotAllowed(["GET"], "no"), "/").headers["Allow"] == "GET"
