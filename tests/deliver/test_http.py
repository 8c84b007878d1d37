from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import pytest
import requests

from caffewatch.deliver.http import (
    LONGEST_PAUSE,
    HttpClient,
    Request,
    classify,
    describe_error,
    retry_after,
)
from caffewatch.deliver.outcome import Delivered, Outcome, Rejected, Retry
from caffewatch.deliver.secret import Secret
from tests.deliver.web_server import WebServer
from tests.patience import PATIENCE

NOW = 1_795_418_400.0


@pytest.fixture
def client() -> Iterator[HttpClient]:
    """Make a client."""
    made = HttpClient(read_timeout=PATIENCE, total_timeout=PATIENCE)
    yield made
    made.close()


@pytest.fixture
def hasty() -> Iterator[HttpClient]:
    """Make a client of little patience."""
    made = HttpClient(read_timeout=PATIENCE, total_timeout=1.5)
    yield made
    made.close()


def request(url: str) -> Request:
    """Make a request with a secret in it."""
    return Request(Secret(url), {"Content-Type": "application/json"}, b"{}", (Secret("s3cret"),))


class TestClassify:
    @pytest.mark.parametrize("status", [200, 201, 204, 299])
    def test_delivered(self, status: int) -> None:
        """Any 2xx is a success."""
        assert classify(status, {}, "", NOW) == Delivered()

    @pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
    def test_retry(self, status: int) -> None:
        """What may pass by itself is tried again."""
        assert classify(status, {}, "busy", NOW) == Retry(f"HTTP {status}: busy")

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 422, 499])
    def test_rejected(self, status: int) -> None:
        """Any other 4xx is final, with the answer's words."""
        assert classify(status, {}, "no_service\n", NOW) == Rejected(f"HTTP {status}: no_service")

    def test_redirect(self) -> None:
        """A redirect is no delivery, and says what to change."""
        expected = Retry("HTTP 302: redirects are not followed, configure the final URL")

        assert classify(302, {"Location": "http://elsewhere/"}, "", NOW) == expected

    def test_answer_on_one_bounded_line(self) -> None:
        """An answer cannot write lines of its own into our log."""
        outcome = classify(400, {}, "a\nERROR forged\x1b[31m" + "x" * 1000, NOW)

        assert isinstance(outcome, Rejected)
        assert outcome.reason.startswith("HTTP 400: a ERROR forged\ufffd[31mxx")
        assert len(outcome.reason) < 220


class TestRetryAfter:
    def test_seconds(self) -> None:
        """A number is seconds from now."""
        assert classify(429, {"Retry-After": "30"}, "", NOW) == Retry("HTTP 429", 30.0)

    def test_date(self) -> None:
        """An HTTP date is measured from now."""
        assert retry_after(formatdate(NOW + 90, usegmt=True), NOW) == 90.0

    def test_date_in_the_past(self) -> None:
        """A date that is over is no wait."""
        assert retry_after(formatdate(NOW - 90, usegmt=True), NOW) == 0.0

    @pytest.mark.parametrize("value", ["999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
    def test_bounded(self, value: str) -> None:
        """Nobody can put us off for ever."""
        assert retry_after(value, NOW) == LONGEST_PAUSE

    @pytest.mark.parametrize("value", ["", "soon", "-1", "1.5", "nan", "9" * 5000, "1 Jan"])
    def test_nonsense(self, value: str) -> None:
        """What is neither form is as good as nothing."""
        assert retry_after(value, NOW) is None


class TestDescribeError:
    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            (requests.ConnectTimeout, "no connection in time"),
            (requests.ReadTimeout, "no answer in time"),
            (requests.exceptions.SSLError, "the TLS connection failed"),
            (requests.exceptions.ProxyError, "the proxy cannot be reached"),
            (requests.ConnectionError, "the connection failed or was closed"),
            (requests.exceptions.InvalidHeader, "the request failed (InvalidHeader)"),
        ],
    )
    def test_kinds(self, kind: type[Exception], expected: str) -> None:
        """Every kind has its words, and none repeats the error's own text."""
        described = describe_error(kind("http://a/hunter2"))

        assert described.startswith(expected)
        assert "hunter2" not in described


class TestPost:
    def test_what_arrives(self, client: HttpClient, server: WebServer) -> None:
        """The bytes and headers arrive as they were rendered."""
        outcome = client.send(request(server.url), NOW)

        received = server.received[0]
        assert outcome == Delivered()
        assert (received.path, received.body) == ("/hook/hunter2", b"{}")
        assert received.headers["Content-Type"] == "application/json"

    def test_redirects_are_not_followed(self, client: HttpClient, server: WebServer) -> None:
        """A server cannot send our alerts elsewhere."""
        server.answers = [(307, {"Location": server.url}, b"")]

        outcome = client.send(request(server.url), NOW)

        assert isinstance(outcome, Retry)
        assert len(server.received) == 1

    def test_echoed_secrets_are_hidden(self, client: HttpClient, server: WebServer) -> None:
        """An answer that repeats the URL or the key does not bring them into our log."""
        text = f"no route for {server.url} or hook/hunter2 with s3cret"
        server.answers = [(404, {}, text.encode())]

        outcome = client.send(request(server.url), NOW)

        assert outcome == Rejected("HTTP 404: no route for *** or *** with ***")

    def test_an_echoed_token_is_hidden(self, client: HttpClient, server: WebServer) -> None:
        """Slack's URLs end in one, and a server may repeat it alone."""
        server.answers = [(404, {}, b"unknown token XXXXhunter2XXXX of hook")]

        outcome = client.send(request(server.url + "/XXXXhunter2XXXX"), NOW)

        assert outcome == Rejected("HTTP 404: unknown token *** of hook")

    @pytest.mark.parametrize(
        ("path", "answer", "told"),
        [
            ("/in/T024Q/B024QXY/v1", r"no \/in\/T024Q\/B024QXY\/v1", r"no \/in\/T024Q\/***\/v1"),
            (
                "/bot/AbCdEf7?key=k3y-90&as=json",
                "AbCdEf7 has k3y-90, no json",
                "*** has ***, no json",
            ),
            ("/hook?bare%2Btoken", "bare+token or bare%2Btoken?", "*** or ***?"),
        ],
        ids=["json", "query", "percent"],
    )
    def test_an_echoed_word_is_hidden(
        self, client: HttpClient, server: WebServer, path: str, answer: str, told: str
    ) -> None:
        """What may be a key in a path or query, however a server writes it, and no plain word."""
        server.answers = [(404, {}, answer.encode())]
        base = server.url.removesuffix("/hook/hunter2")

        assert client.send(request(base + path), NOW) == Rejected(f"HTTP 404: {told}")

    def test_an_echoed_name_and_password_are_hidden(
        self, client: HttpClient, server: WebServer
    ) -> None:
        """Those of the URL, as they are and as the header that was made of them."""
        server.answers = [(401, {}, b"Basic YW5uYTpwJDE= is not anna with p$1 or p%241")]

        outcome = client.send(request(server.url.replace("//", "//anna:p%241@")), NOW)

        assert outcome == Rejected("HTTP 401: Basic *** is not *** with p$1 or ***")

    def test_a_library_logs_no_url(
        self, client: HttpClient, server: WebServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A head that breaks off has urllib3 warn, with the whole URL."""
        server.write = lambda file: file.write(b"HTTP/1.1 200 OK\r\nX-Broken")

        client.send(request(server.url), NOW)

        assert "hunter2" not in caplog.text

    def test_nobody_listens(self, client: HttpClient) -> None:
        """A refused connection is tried again; the reason names no URL."""
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}/hunter2"

            outcome = client.send(request(url), NOW)

        assert outcome == Retry("nobody listens there (connection refused)")

    def test_an_unknown_name(self, client: HttpClient) -> None:
        """A typing error in the host is what it is called; the reason names no URL."""
        outcome = client.send(request("http://no-such-host.invalid/hunter2"), NOW)

        assert outcome == Retry("the name of the host is not known")

    @pytest.mark.parametrize("url", ["http://", "nonsense", "gopher://a/", "http://a:b/"])
    def test_bad_url(self, client: HttpClient, url: str) -> None:
        """A URL that cannot work never will."""
        assert client.send(request(url), NOW) == Rejected("the URL is invalid")

    def test_closed_without_an_answer(self, client: HttpClient, server: WebServer) -> None:
        """A server that hangs up is tried again."""
        server.write = lambda file: None

        assert client.send(request(server.url), NOW) == Retry("the connection failed or was closed")

    @pytest.mark.parametrize(
        ("beginning", "expected"),
        [
            (b"HTTP/1.1 ", Retry("no complete answer within 1.5 s")),
            (b"HTTP/1.1 200 OK\r\nX-Drip: ", Delivered()),
        ],
        ids=["status", "headers"],
    )
    def test_dripping_head(
        self, hasty: HttpClient, server: WebServer, beginning: bytes, expected: Outcome
    ) -> None:
        """A server that sends a byte now and then cannot hold us; a status that came counts."""

        def drip(file: Any) -> None:
            file.write(beginning)
            while not server.ended.wait(0.02):
                file.write(b"0")

        server.write = _until_closed(drip)

        assert hasty.send(request(server.url), NOW) == expected

    @pytest.mark.parametrize(
        ("status", "expected"), [(b"410 Gone", Rejected), (b"200 OK", Delivered)]
    )
    def test_dripping_body(
        self, hasty: HttpClient, server: WebServer, status: bytes, expected: type[Outcome]
    ) -> None:
        """An answer counts although its body never ends."""

        def drip(file: Any) -> None:
            file.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 1000000\r\n\r\n")
            while not server.ended.wait(0.02):
                file.write(b"x")

        server.write = _until_closed(drip)

        outcome = hasty.send(request(server.url), NOW)

        assert isinstance(outcome, expected)

    def test_endless_body(self, client: HttpClient, server: WebServer) -> None:
        """Only the beginning of a body is read."""

        def flood(file: Any) -> None:
            file.write(b"HTTP/1.1 400 Bad\r\n\r\n")
            while not server.ended.is_set():
                file.write(b"y" * 65536)

        server.write = _until_closed(flood)

        outcome = client.send(request(server.url), NOW)

        assert outcome == Rejected("HTTP 400: " + "y" * 199 + "…")

    def test_silence(self, server: WebServer) -> None:
        """A server that accepts and says nothing meets the read time-out."""
        client = HttpClient(read_timeout=0.1)
        server.write = lambda file: wait_for_end(server)

        outcome = client.send(request(server.url), NOW)
        client.close()
        server.ended.set()

        assert outcome == Retry("no answer in time")

    def test_goes_on_after_a_failure(self, client: HttpClient, server: WebServer) -> None:
        """A client that was cut off works for the next message."""
        server.write = lambda file: None
        client.send(request(server.url), NOW)
        server.write = None

        assert client.send(request(server.url), NOW) == Delivered()


def wait_for_end(server: WebServer) -> None:
    """Say nothing until the test is over."""
    server.ended.wait()


def _until_closed(write: Any) -> Any:
    def guarded(file: Any) -> None:
        with contextlib.suppress(OSError):
            write(file)

    return guarded
