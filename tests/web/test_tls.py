from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from werkzeug.wrappers import Request, Response

from caffewatch.web.server import Limits, Server
from caffewatch.web.tls import Tls, TlsFiles
from tests.deliver.certificates import Authority
from tests.patience import PATIENCE

TIMEOUT = PATIENCE / 2
PATIENT = Limits(connections=4, idle=PATIENCE, total=PATIENCE)
HASTY = Limits(connections=4, idle=0.5, total=1.0)
Serve = Callable[..., Server]


@Request.application
def app(request: Request) -> Response:
    """Answer with what was asked, or with more than a client takes who does not read."""
    if request.path == "/big":
        return Response(b"x" * 64 * 1024 * 1024)
    return Response(f"{request.path}\n")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return an authority that the clients trust."""
    return Authority(tmp_path)


@pytest.fixture
def files(authority: Authority) -> TlsFiles:
    """Return a server's certificate and key."""
    certificate, key = authority.write("server")
    return TlsFiles(str(certificate), str(key))


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a maker of servers, which hang up on nobody unless they are told to."""
    made: list[Server] = []

    def make(files: TlsFiles, limits: Limits = PATIENT) -> Server:
        made.append(Server("127.0.0.1", 0, app, limits, files))
        made[-1].start()
        return made[-1]

    yield make
    for server in made:
        server.close()


def connect(server: Server) -> socket.socket:
    """Connect without a word."""
    address = urlsplit(server.url)
    return socket.create_connection((str(address.hostname), address.port or 0), TIMEOUT)


def serial(server: Server) -> str:
    """Shake hands without checking anything; return the server's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with connect(server) as plain, context.wrap_socket(plain) as secured:
        return ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True) or b"")


def answers(server: Server, authority: Authority) -> bool:
    """Tell whether one more client is answered."""
    try:
        requests.get(server.url, verify=str(authority.file), timeout=TIMEOUT)
    except requests.ConnectionError:
        return False
    return True


def raw_end(sock: socket.socket) -> bytes:
    """Read what is on the line beneath TLS until the other side hangs up, politely or not."""
    received = b""
    try:
        while part := socket.socket.recv(sock, 1 << 20):
            received += part
    except ConnectionError:
        return received
    return received


def end(sock: socket.socket) -> bytes:
    """Read until the other side hangs up, politely or not."""
    try:
        return b"".join(iter(lambda: sock.recv(65536), b""))
    except ConnectionError:
        return b""


class TestServer:
    def test_answers(self, serve: Serve, files: TlsFiles, authority: Authority) -> None:
        """Whoever trusts the authority is answered, and the URL says how."""
        server = serve(files)

        answer = requests.get(server.url + "x", verify=str(authority.file), timeout=TIMEOUT)

        assert server.url.startswith("https://127.0.0.1:")
        assert answer.text == "/x\n"

    def test_plain_http_is_hung_up_on(self, serve: Serve, files: TlsFiles) -> None:
        """Nothing is answered in the clear."""
        with connect(serve(files)) as sock:
            sock.sendall(b"GET /x HTTP/1.1\r\n\r\n")

            assert b"/x" not in end(sock)

    def test_old_protocols_are_refused(self, serve: Serve, files: TlsFiles) -> None:
        """TLS 1.2 is the least."""
        server = serve(files)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
            context.minimum_version = ssl.TLSVersion.TLSv1
        with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1

        with connect(server) as plain, pytest.raises(OSError, match=r"SSL|reset"):
            context.wrap_socket(plain)

    def test_faulty_files_are_an_error(self, tmp_path: Path, files: TlsFiles) -> None:
        """It names them, before anything listens."""
        other = str(tmp_path / "nowhere.key")

        with pytest.raises(OSError, match=r"server\.pem, .*nowhere\.key: .*No such file"):
            Server("127.0.0.1", 0, app, tls=TlsFiles(files.cert_file, other))


class TestClientCertificates:
    @pytest.fixture
    def server(self, serve: Serve, files: TlsFiles, authority: Authority) -> Server:
        """Return a server that asks for certificates of the same authority."""
        return serve(TlsFiles(files.cert_file, files.key_file, str(authority.file)))

    def test_a_client_with_one_is_answered(self, server: Server, authority: Authority) -> None:
        """Prometheus can be told from everybody else."""
        pair = tuple(map(str, authority.client()))

        answer = requests.get(
            server.url, cert=(pair[0], pair[1]), verify=str(authority.file), timeout=TIMEOUT
        )

        assert answer.status_code == 200

    def test_a_client_without_one_is_not(self, server: Server, authority: Authority) -> None:
        """It learns nothing but that."""
        with pytest.raises(requests.ConnectionError):
            requests.get(server.url, verify=str(authority.file), timeout=TIMEOUT)

    def test_nor_one_of_another_authority(
        self, server: Server, authority: Authority, tmp_path: Path
    ) -> None:
        """Any certificate will not do."""
        (tmp_path / "other").mkdir()
        pair = tuple(map(str, Authority(tmp_path / "other").client()))

        with pytest.raises(requests.ConnectionError):
            requests.get(
                server.url, cert=(pair[0], pair[1]), verify=str(authority.file), timeout=TIMEOUT
            )


class TestHostileClients:
    @pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01", b"\0" * 3])
    def test_silence_in_the_handshake(
        self, serve: Serve, files: TlsFiles, authority: Authority, sent: bytes,
        eventually: Callable[..., None],
    ) -> None:  # fmt: skip
        """More clients than there are threads that begin to shake hands keep nobody waiting."""
        server = serve(files, HASTY)
        silent = [connect(server) for _ in range(12)]
        for sock in silent:
            with suppress(ConnectionError):  # it may have made way for the others by now
                sock.sendall(sent)

        eventually(lambda: answers(server, authority))

        for sock in silent:
            end(sock)
            sock.close()

    def test_a_client_that_does_not_read(
        self, serve: Serve, files: TlsFiles, authority: Authority, eventually: Callable[..., None]
    ) -> None:
        """It is hung up on, and nothing of the answer leaves in the clear."""
        server = serve(files, Limits(connections=1, idle=0.2))
        context = ssl.create_default_context(cafile=str(authority.file))
        with (
            connect(server) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            secured.sendall(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
            assert secured.recv(1) == b"H"

            eventually(lambda: answers(server, authority))

            raw = raw_end(secured)
            assert b"x" * 64 not in raw
            assert len(raw) < 64 * 1024 * 1024

    def test_failed_handshakes_are_logged_at_debug(
        self,
        serve: Serve,
        files: TlsFiles,
        caplog: pytest.LogCaptureFixture,
        eventually: Callable[..., None],
    ) -> None:
        """A port scanner does not fill the log."""
        caplog.set_level(logging.DEBUG, logger="caffewatch.web")
        with connect(serve(files)) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            end(sock)

        eventually(lambda: caplog.records)

        assert {one.levelno for one in caplog.records} == {logging.DEBUG}


class TestChange:
    def test_new_certificates_are_used(
        self, serve: Serve, files: TlsFiles, authority: Authority
    ) -> None:
        """What a renewal leaves in place of the old is shown to the next client."""
        server = serve(files)
        before = serial(server)

        authority.write("server")

        after = serial(server)
        assert after != before
        assert after == Path(files.cert_file).read_text().replace("\r\n", "\n")

    def test_halves_of_a_renewal_do_not_harm(
        self, files: TlsFiles, authority: Authority, caplog: pytest.LogCaptureFixture
    ) -> None:
        """While certificate and key do not fit, the ones before are shown; it is said once."""
        tls = Tls(files)
        old, key = tls.context(), Path(files.key_file)
        authority.write("renewed")
        certificate = key.with_name("renewed.pem").read_bytes()

        Path(files.cert_file).write_bytes(certificate)

        assert [tls.context() for _ in range(3)] == [old] * 3
        assert [x.levelname for x in caplog.records] == ["WARNING"]
        key.write_bytes(key.with_name("renewed.key").read_bytes())
        assert tls.context() is not old

    def test_files_that_are_gone_do_not_harm(self, files: TlsFiles) -> None:
        """Whoever removes them has not decided to serve in the clear."""
        tls = Tls(files)
        old = tls.context()

        Path(files.cert_file).unlink()

        assert tls.context() is old
