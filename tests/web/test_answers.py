from __future__ import annotations

import gzip
from http import HTTPStatus

import pytest

from caffewatch.web.answers import fitted
from caffewatch.web.message import Request, Response

LARGE = Response(HTTPStatus.OK, b"x" * 5000, "text/html", {"X-Own": "kept"})


def answer(response: Response = LARGE, **headers: str) -> Response:
    """Fit a response to a request with these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return fitted(Request("GET", "/", named), response)


class TestFitted:
    def test_what_the_client_has_is_not_sent_again(self) -> None:
        """The tag of an answer brings 304 and no body, also among others, weak or not."""
        tag = answer().headers["ETag"]

        for given in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
            again = answer(if_none_match=given)
            assert (again.status, again.body) == (HTTPStatus.NOT_MODIFIED, b"")
            assert again.headers["ETag"] == tag

    def test_another_body_has_another_tag(self) -> None:
        """A tag of something else brings the whole."""
        other = answer(Response(HTTPStatus.OK, b"y")).headers["ETag"]

        assert answer(if_none_match=other).status == HTTPStatus.OK

    @pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*", "GZIP"])
    def test_packed(self, accepted: str) -> None:
        """A client that unpacks gets less to carry."""
        packed = answer(accept_encoding=accepted)

        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.body) == LARGE.body
        assert (packed.headers["X-Own"], packed.headers["Vary"]) == ("kept", "Accept-Encoding")

    @pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.0", "x-gzip-not"])
    def test_not_packed(self, accepted: str) -> None:
        """A client that does not ask for it gets it plain."""
        assert answer(accept_encoding=accepted).body == LARGE.body

    def test_errors_have_no_tag(self) -> None:
        """What went wrong is not to be remembered."""
        wrong = Response(HTTPStatus.BAD_REQUEST, b"no")

        assert answer(wrong) is wrong
