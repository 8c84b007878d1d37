from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http import HTTPStatus
from urllib.parse import urlsplit

import pytest
import requests

from caffewatch.web.message import Request, Response, text
from caffewatch.web.server import Limits, Server, address_url

TIMEOUT = 5.0
BIG = 64 * 1024 * 1024
HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"


def respond(request: Request) -> Response:
    """Tell what was asked, or misbehave in one of several ways."""
    if request.path == "/fault":
        raise RuntimeError("the secret reason")
    if request.path == "/unsendable":
        return Response(HTTPStatus.OK, b"", headers={"X": "\u2028"})
    if request.path == "/big":
        return Response(HTTPStatus.OK, b"x" * BIG)
    return text(HTTPStatus.OK, f"{request.method} {request.path} {request.headers.get('x', '')}")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Return a server that hangs up soon."""
    server = Server("127.0.0.1", 0, respond, Limits(connections=4, idle=0.3, total=0.6))
    server.start()
    yield server
    server.close()


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[[bytes], socket.socket]]:
    """Return a maker of raw connections that have sent something."""
    with ExitStack() as stack:

        def make(sent: bytes) -> socket.socket:
            address = urlsplit(server.url)
            sock = socket.create_connection((str(address.hostname), address.port or 0), TIMEOUT)
            stack.enter_context(sock)
            sock.sendall(sent)
            return sock

        yield make


Connect = Callable[[bytes], socket.socket]


def read_all(sock: socket.socket) -> bytes:
    """Read until the other side hangs up, politely or not."""
    received = b""
    try:
        while part := sock.recv(65536):
            received += part
    except ConnectionError:
        return received
    return received


def is_answered(server: Server) -> bool:
    """Tell whether one more client gets its answer."""
    try:
        return requests.get(server.url, timeout=TIMEOUT).status_code == HTTPStatus.OK
    except requests.ConnectionError:
        return False


class TestAnswers:
    def test_path_and_headers_arrive(self, server: Server) -> None:
        """The application sees the path without its query, and lower-case header names."""
        answer = requests.get(server.url + "a%20b?c=d", headers={"X": "1"}, timeout=TIMEOUT)

        assert (answer.status_code, answer.text) == (200, "GET /a%20b 1\n")

    def test_head_has_no_body(self, connect: Connect) -> None:
        """HEAD tells the length of what GET would send."""
        head, _, body = read_all(connect(b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n")).partition(
            b"\r\n\r\n"
        )

        assert b"Content-Length: 9" in head
        assert body == b""

    def test_other_methods_reach_the_application(self, server: Server) -> None:
        """It is the routes that know which methods a page has; a body is read and forgotten."""
        answer = requests.post(server.url, data=b"x" * 60_000, timeout=TIMEOUT)

        assert answer.text == "POST / \n"

    def test_security_headers(self, server: Server) -> None:
        """No answer may be framed, sniffed, stored or run scripts, and none names Python."""
        headers = requests.get(server.url, timeout=TIMEOUT).headers

        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"].strip() == "caffewatch"

    def test_a_fault_is_logged_and_not_told(
        self, server: Server, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The client gets 500, the log gets the reason."""
        answer = requests.get(server.url + "fault", timeout=TIMEOUT)

        assert (answer.status_code, "secret" in answer.text) == (500, False)
        assert "the secret reason" in caplog.text

    def test_an_answer_that_cannot_be_sent_is_logged(
        self, server: Server, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A fault of ours after the application has answered is not lost either."""
        with pytest.raises(requests.ConnectionError):
            requests.get(server.url + "unsendable", timeout=TIMEOUT)

        assert "UnicodeEncodeError" in caplog.text

    def test_requests_are_logged_at_debug_only(
        self, server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Nothing of a request reaches standard error by itself."""
        caplog.set_level(logging.DEBUG, logger="caffewatch.web")

        requests.get(server.url + "logged", timeout=TIMEOUT)

        levels = {one.levelno for one in caplog.records if one.name.startswith("caffewatch.web")}
        assert levels == {logging.DEBUG}
        assert "/logged" in caplog.text
        assert capfd.readouterr().err == ""


class TestHostileClients:
    @pytest.mark.parametrize(
        "sent",
        [
            b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            HEAD + b"A: " + b"a" * 70_000 + b"\r\n\r\n",
            HEAD + (b"A: " + b"a" * 2000 + b"\r\n") * 40 + b"\r\n",
            HEAD + b"Content-Length: 70000\r\n\r\n",
            HEAD + b"Content-Length: x\r\n\r\n",
            HEAD + b"Content-Length: -1\r\n\r\n",
            HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            HEAD + b"Transfer-Encoding: x\r\n\r\n",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffff\r\n",
            HEAD + b"X: a\r\n Set-Cookie: b\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"what is this\r\n\r\n",
            b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        ],
    )
    def test_what_is_too_long_or_wrong(self, connect: Connect, sent: bytes) -> None:
        """Head and body of a request are bounded, and what may be read in two ways is refused."""
        answer = read_all(connect(sent))

        assert answer in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n")

    def test_a_body_without_end(self, connect: Connect) -> None:
        """It is not waited for any longer than a head."""
        assert read_all(connect(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")) == b""

    @pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n"])
    def test_silence_is_ended(self, connect: Connect, sent: bytes) -> None:
        """A client that stops in its request is hung up on without an answer."""
        assert read_all(connect(sent)) == b""

    def test_a_dripping_client_is_ended(self, connect: Connect, server: Server) -> None:
        """One byte now and then does not buy more time than the total."""
        sock = connect(b"GET /")
        dripped = 0
        sock.settimeout(0.05)

        while True:
            try:
                sock.sendall(b"a")
                dripped += 1
                if sock.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break

        assert 0 < dripped < 60

    def test_a_client_that_does_not_read_is_ended(self, eventually: Callable[..., None]) -> None:
        """An answer that nobody takes does not hold its place, here the only one, for long."""
        server = Server("127.0.0.1", 0, respond, Limits(connections=1, idle=0.2))
        server.start()
        with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0)) as sock:
            sock.sendall(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
            assert sock.recv(1) == b"H"

            eventually(lambda: is_answered(server))

            assert len(read_all(sock)) < BIG
        server.close()

    def test_others_are_answered_meanwhile(self, connect: Connect, server: Server) -> None:
        """More silent clients than there are threads keep nobody from the metrics."""
        silent = [connect(b"GET / HTTP/1.1\r\n") for _ in range(20)]

        answers = [requests.get(server.url, timeout=TIMEOUT).status_code for _ in range(5)]

        assert answers == [200] * 5
        assert [read_all(sock) for sock in silent] == [b""] * 20


class TestOverload:
    def test_busy_threads_turn_new_clients_away(self) -> None:
        """When every thread is at work, one more client is closed instead of queued for ever."""
        release = threading.Event()
        at_work = threading.Barrier(2)

        def work(request: Request) -> Response:
            at_work.wait(TIMEOUT)
            release.wait(TIMEOUT)
            return text(HTTPStatus.OK, "done")

        server = Server("127.0.0.1", 0, work, Limits(connections=1))
        server.start()
        answers: list[str] = []
        first = threading.Thread(
            target=lambda: answers.append(requests.get(server.url, timeout=TIMEOUT).text)
        )
        first.start()
        at_work.wait(TIMEOUT)

        with pytest.raises(requests.ConnectionError):
            requests.get(server.url, timeout=TIMEOUT)
        release.set()
        first.join(TIMEOUT)
        server.close()

        assert answers == ["done\n"]


class TestLife:
    def test_the_url_tells_the_port(self) -> None:
        """Port 0 takes a free one; two servers do not get the same."""
        one, two = (Server("127.0.0.1", 0, respond) for _ in range(2))

        assert one.url.startswith("http://127.0.0.1:")
        assert one.url != two.url
        one.close()
        two.close()

    @pytest.mark.parametrize(
        ("host", "expected"), [("127.0.0.1", "http://127.0.0.1:80/"), ("::1", "http://[::1]:80/")]
    )
    def test_ipv6_has_brackets(self, host: str, expected: str) -> None:
        """An address of IPv6 is written so that the port can be told from it."""
        assert address_url(host, 80) == expected

    def test_a_taken_port_is_an_error(self, server: Server) -> None:
        """Whoever starts the daemon twice learns it."""
        port = urlsplit(server.url).port

        with pytest.raises(OSError, match="Address already in use"):
            Server("127.0.0.1", port or 0, respond)

    def test_closing_ends_connections(self) -> None:
        """A client that is connected sees the end, and the port is free again."""
        server = Server("127.0.0.1", 0, respond)
        server.start()
        address = urlsplit(server.url)
        port = address.port or 0
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as sock:
            sock.sendall(b"GET")
            server.close()

            assert read_all(sock) == b""
        Server("127.0.0.1", port, respond).close()
