from __future__ import annotations

import base64
import re
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from caffewatch.deliver.http import HttpClient, Request
from caffewatch.deliver.outcome import Delivered, Outcome, Rejected, Retry
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.transport import Transport, parse_headers
from tests.deliver.certificates import Authority
from tests.deliver.web_server import WebServer, web_server

NOW = 1_795_418_400.0
UNTRUSTED = "unable to get local issuer certificate|self-signed certificate"


def post(url: str, transport: Transport, times: int = 1) -> list[Outcome]:
    """Post with a client made for this transport."""
    client = HttpClient(transport)
    try:
        return [client.send(Request(Secret(url), {}, b"{}"), NOW) for _ in range(times)]
    finally:
        client.close()


class TestParseHeaders:
    def test_lines(self) -> None:
        """A line for each; empty ones are skipped."""
        text = "Authorization: Bearer a b\n\n X-Scope-OrgID:team-1 \n"

        assert parse_headers(text) == {"Authorization": "Bearer a b", "X-Scope-OrgID": "team-1"}

    @pytest.mark.parametrize("text", ["hunter2", "a b: c", "X: ü", ": c", "X: a\x00"])
    def test_refused(self, text: str) -> None:
        """What is no header is not repeated: it may be a secret."""
        with pytest.raises(ValueError, match=r"^expected Name: value in line 2 of the headers$"):
            parse_headers("Ok: 1\n" + text)

    @pytest.mark.parametrize("name", ["Content-Length", "webhook-id", "Host"])
    def test_reserved(self, name: str) -> None:
        """What we say ourselves is ours."""
        with pytest.raises(ValueError, match=f"{name} is set by caffewatch"):
            parse_headers(f"{name}: 1")


class TestHeaders:
    def test_basic_authentication_and_headers(self, server: WebServer) -> None:
        """Both go with every message."""
        transport = Transport(
            username="me", password=Secret("hunter2ü"), headers=Secret("X-Scope-OrgID: team-1")
        )

        assert post(server.url, transport) == [Delivered()]
        headers = server.received[0].headers
        assert base64.b64decode(headers["Authorization"].split()[1]).decode() == "me:hunter2ü"
        assert headers["X-Scope-OrgID"] == "team-1"

    def test_name_and_password_in_the_url(self, server: WebServer) -> None:
        """As in a browser."""
        url = server.url.replace("://", "://me:hunter2@")

        assert post(url, Transport()) == [Delivered()]
        authorization = server.received[0].headers["Authorization"]
        assert base64.b64decode(authorization.split()[1]) == b"me:hunter2"

    def test_netrc_stays_where_it_is(
        self, server: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The user's other passwords are not sent to a receiver."""
        netrc = tmp_path / "netrc"
        netrc.write_text("default login me password hunter2\n")
        monkeypatch.setenv("NETRC", str(netrc))

        assert post(server.url, Transport()) == [Delivered()]
        assert "Authorization" not in server.received[0].headers

    def test_echoed_secrets_are_hidden(self, server: WebServer) -> None:
        """Neither password nor token gets into our log with an answer."""
        transport = Transport(
            username="me", password=Secret("pass-word"), headers=Secret("X-Token: Bearer tok-en")
        )
        server.answers = [(403, {}, b"pass-word, Bearer tok-en, tok-en: no")]

        assert post(server.url, transport) == [Rejected("HTTP 403: ***, ***, ***: no")]

    def test_cookies_are_not_kept(self, server: WebServer) -> None:
        """A server cannot hang anything on us."""
        server.answers = [(200, {"Set-Cookie": "a=b"}, b"")]

        post(server.url, Transport(), times=2)

        assert "Cookie" not in server.received[1].headers


class TestConnections:
    def test_one_for_many_messages(self, server: WebServer) -> None:
        """A connection is kept for the next message."""
        assert post(server.url, Transport(), times=5) == [Delivered()] * 5
        assert server.connections == 1

    def test_a_server_that_closes_between_messages(self, server: WebServer) -> None:
        """A kept connection that is gone costs nothing but a new one."""
        server.answers = [(200, {"Connection": "close"}, b"ok")]

        assert post(server.url, Transport(), times=3) == [Delivered()] * 3
        assert server.connections == 3


class TestProxy:
    URL = "http://receiver.example/hook"

    def test_configured(self, server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
        """It wins over the environment's, and its password is sent to it."""
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
        proxy = server.url.replace("://", "://me:hunter2@")

        assert post(self.URL, Transport(proxy=Secret(proxy))) == [Delivered()]
        assert server.received[0].path == self.URL
        assert server.received[0].headers["Proxy-Authorization"].startswith("Basic ")

    def test_of_the_environment(self, server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a word in the configuration; NO_PROXY counts too."""
        monkeypatch.setenv("HTTP_PROXY", server.url)
        monkeypatch.setenv("NO_PROXY", "direct.invalid")

        outcomes = [post(url, Transport())[0] for url in (self.URL, "http://direct.invalid/")]

        assert outcomes == [Delivered(), Retry("the name of the host is not known")]
        assert [x.path for x in server.received] == [self.URL]

    def test_nobody_listens(self) -> None:
        """The reason says that it is the proxy, and does not name it."""
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            proxy = f"http://me:hunter2@127.0.0.1:{unused.getsockname()[1]}/"

            assert post(self.URL, Transport(proxy=Secret(proxy))) == [
                Retry("the proxy cannot be reached")
            ]


class TestTls:
    @pytest.fixture(autouse=True)
    def _no_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    @pytest.mark.parametrize(
        ("name", "trusted", "refused"),
        [
            ("127.0.0.1", lambda ours, other: ours.file, ""),
            ("127.0.0.1", lambda ours, other: other.file, UNTRUSTED),
            ("127.0.0.1", lambda ours, other: "", UNTRUSTED),
            ("elsewhere.example", lambda ours, other: ours.file, "IP address mismatch"),
        ],
        ids=["trusted", "another authority", "the system's authorities", "another name"],
    )
    def test_certificates(
        self,
        name: str,
        trusted: Callable[[Authority, Authority], Path],
        refused: str,
        tmp_path: Path,
    ) -> None:
        """Only a server that proves its name is told anything; the reason says what it lacks."""
        ours, other = Authority(tmp_path), Authority(tmp_path, "other")
        with web_server(ours.server(name)) as server:
            transport = Transport(ca_file=str(trusted(ours, other)))

            (outcome,) = post(server.url, transport)

            told = f"the server's certificate is not accepted: ({refused})"
            assert bool(refused) == isinstance(outcome, Retry)
            assert not isinstance(outcome, Retry) or re.match(told, outcome.reason)
            assert len(server.received) == (outcome == Delivered())

    def test_a_server_without_tls(self, server: WebServer) -> None:
        """A wrong scheme is told from a wrong certificate."""
        (outcome,) = post(server.url.replace("http:", "https:"), Transport())

        assert isinstance(outcome, Retry)
        assert outcome.reason.startswith("the TLS connection failed: ")

    def test_our_own_certificate(self, tmp_path: Path) -> None:
        """A server that asks for one gets it, from one file or two."""
        ours = Authority(tmp_path)
        certificate, key = ours.client()
        both = tmp_path / "both.pem"
        both.write_bytes(certificate.read_bytes() + key.read_bytes())
        with web_server(ours.server(ask=True)) as server:
            none = Transport(ca_file=str(ours.file))
            named = replace(none, cert_file=str(certificate), key_file=str(key))
            joined = replace(none, cert_file=str(both))

            outcomes = [post(server.url, x)[0] for x in (named, joined, none)]

        assert outcomes[:2] == [Delivered(), Delivered()]
        assert isinstance(outcomes[2], Retry)
