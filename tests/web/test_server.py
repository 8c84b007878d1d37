from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import urlsplit

import pytest
import requests
from werkzeug.wrappers import Request, Response

from caffewatch.web.server import Limits, Server, address_url
from tests.patience import PATIENCE

TIMEOUT = PATIENCE / 2
"""Shorter than the patience of servers that do not hang up by themselves in a test."""
BIG = 64 * 1024 * 1024
PATIENT = Limits(connections=4, idle=PATIENCE, total=PATIENCE)
HASTY = Limits(connections=4, idle=0.3, total=0.6)
HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"


@Request.application
def app(request: Request) -> Response:
    """Tell what was asked, or misbehave in one of several ways."""
    if request.path == "/fault":
        raise RuntimeError("the secret reason")
    if request.path == "/unsendable":
        return Response(headers={"X": "\u2028"})
    if request.path == "/big":
        return Response(b"x" * BIG)
    asked = f"{request.method} {request.path}?{request.query_string.decode()}"
    return Response(f"{asked} {request.headers.get('x', '')}\n")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Return a server that hangs up on nobody who is held still for a while, such as a test."""
    with running(PATIENT) as server:
        yield server


@pytest.fixture(scope="module")
def hasty() -> Iterator[Server]:
    """Return a server that hangs up soon."""
    with running(HASTY) as server:
        yield server


@contextmanager
def running(limits: Limits) -> Iterator[Server]:
    """Run a server."""
    server = Server("127.0.0.1", 0, app, limits)
    server.start()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[[bytes], socket.socket]]:
    """Return a maker of raw connections that have sent something."""
    with ExitStack() as stack:

        def make(sent: bytes) -> socket.socket:
            sock = stack.enter_context(connected(server))
            with suppress(ConnectionError):  # where it has hung up, that is what is to be read
                sock.sendall(sent)
            return sock

        yield make


Connect = Callable[[bytes], socket.socket]


def connected(server: Server) -> socket.socket:
    """Connect without a word."""
    address = urlsplit(server.url)
    return socket.create_connection((str(address.hostname), address.port or 0), TIMEOUT)


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
        return requests.get(server.url, timeout=TIMEOUT).status_code == 200
    except requests.ConnectionError:
        return False


class TestAnswers:
    def test_path_query_and_headers_arrive(self, server: Server) -> None:
        """The application sees them as WSGI has it."""
        answer = requests.get(server.url + "a%20b?c=%20", headers={"X": "1"}, timeout=TIMEOUT)

        assert (answer.status_code, answer.text) == (200, "GET /a b?c=%20 1\n")

    def test_head_has_no_body(self, connect: Connect) -> None:
        """HEAD tells the length of what GET would send."""
        asked = b"HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

        head, _, body = read_all(connect(asked)).partition(b"\r\n\r\n")

        assert b"Content-Length: 10" in head
        assert body == b""

    @pytest.mark.parametrize("host", ["a:", "[::1]:9728", "[::1]", "a.b:65536"])
    def test_any_host(self, host: str, server: Server) -> None:
        """The application is found whatever name and port the client thinks it has."""
        answer = requests.get(server.url, headers={"Host": host}, timeout=TIMEOUT)

        assert answer.status_code == 200

    def test_other_methods_reach_the_application(self, server: Server) -> None:
        """It is the routes that know which methods a page has; a body is read and forgotten."""
        answer = requests.post(server.url, data=b"x" * 60_000, timeout=TIMEOUT)

        assert answer.text == "POST /? \n"

    def test_an_answer_that_cannot_be_sent_is_logged(
        self, server: Server, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nor is a fault that the application does not catch itself lost."""
        for path, reason in (
            ("unsendable", "Invalid header value"),
            ("fault", "the secret reason"),
        ):
            with pytest.raises(requests.ConnectionError):
                requests.get(server.url + path, timeout=TIMEOUT)

            assert reason in caplog.text

    def test_requests_are_logged_at_debug_only(
        self, server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
        eventually: Callable[..., None],
    ) -> None:  # fmt: skip
        """Nothing of a request reaches standard error by itself."""
        caplog.set_level(logging.DEBUG, logger="caffewatch.web")

        requests.get(server.url + "logged", timeout=TIMEOUT)

        eventually(lambda: "/logged" in caplog.text)  # it is logged behind the answer
        levels = {one.levelno for one in caplog.records if one.name.startswith("caffewatch.web")}
        assert levels == {logging.DEBUG}
        assert capfd.readouterr().err == ""


class TestKeepAlive:
    def test_a_connection_serves_many_requests(self, connect: Connect) -> None:
        """Also those that are sent at once, which are answered in their order."""
        asked = [b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(3)]
        asked[-1] = asked[-1].replace(b"Host", b"Connection: close\r\nHost")

        answers = read_all(connect(b"".join(asked)))

        assert re.findall(rb"GET /(\d)", answers) == [b"0", b"1", b"2"]

    def test_each_request_has_the_whole_time(self) -> None:
        """A client may stay longer than the total, as long as it goes on asking."""
        limits = Limits(idle=PATIENCE, total=1.5)
        with running(limits) as server, connected(server) as sock:
            begin = time.monotonic()

            while time.monotonic() - begin < 1.2 * limits.total:
                sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                assert b"200 OK" in sock.recv(65536)

            assert read_all(sock) == b""

    def test_who_waits_makes_way(self, connect: Connect, server: Server) -> None:
        """Connections that ask for nothing more keep nobody out, and the oldest goes first."""
        kept = []
        for _ in range(PATIENT.connections):
            kept.append(connect(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
            assert b"200 OK" in kept[-1].recv(65536)

        assert is_answered(server)

        kept[-1].settimeout(0)
        with pytest.raises(BlockingIOError):
            kept[-1].recv(1)
        assert kept[0].recv(1) == b""

    @pytest.mark.parametrize(
        "asked", [b"GET / HTTP/1.0\r\n\r\n", HEAD + b"Connection: close\r\n\r\n"]
    )
    def test_who_does_not_want_it(self, connect: Connect, asked: bytes) -> None:
        """The connection ends with the answer."""
        assert b"GET /" in read_all(connect(asked))


class TestHostileClients:
    @pytest.fixture
    def server(self, hasty: Server) -> Server:
        """Have them meet a server that hangs up soon."""
        return hasty

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
        with running(Limits(connections=1, idle=0.2)) as server, connected(server) as sock:
            sock.sendall(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
            assert sock.recv(1) == b"H"

            eventually(lambda: is_answered(server))

            assert len(read_all(sock)) < BIG

    def test_others_are_answered_meanwhile(
        self, connect: Connect, server: Server, eventually: Callable[..., None]
    ) -> None:
        """More silent clients than there are threads keep nobody from the metrics."""
        silent = [connect(b"GET / HTTP/1.1\r\n") for _ in range(20)]

        for _ in range(5):
            eventually(lambda: is_answered(server))  # not at once where it is held still itself

        assert [read_all(sock) for sock in silent] == [b""] * 20


class TestOverload:
    def test_busy_threads_turn_new_clients_away(self) -> None:
        """When every thread is at work, one more client is closed instead of queued for ever."""
        release = threading.Event()
        at_work = threading.Barrier(2)

        @Request.application
        def work(request: Request) -> Response:
            at_work.wait(TIMEOUT)
            release.wait(TIMEOUT)
            return Response("done\n")

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
        one, two = (Server("127.0.0.1", 0, app) for _ in range(2))

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
            Server("127.0.0.1", port or 0, app)

    def test_closing_ends_connections(self) -> None:
        """A client that is connected sees the end, and the port is free again."""
        server = Server("127.0.0.1", 0, app)
        server.start()
        address = urlsplit(server.url)
        port = address.port or 0
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as sock:
            sock.sendall(b"GET")
            server.close()

            assert read_all(sock) == b""
        Server("127.0.0.1", port, app).close()
