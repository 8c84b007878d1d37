"""The daemon behind TLS."""

from __future__ import annotations

from pathlib import Path
from signal import SIGHUP

import requests

from tests.deliver.certificates import Authority
from tests.service.conftest import MakeDaemon


class TestTls:
    def test_asks_for_certificates(self, make_daemon: MakeDaemon, tmp_path: Path) -> None:
        """Whoever has one is answered; a configuration that loses them changes nothing."""
        authority = Authority(tmp_path)
        authority.write("server")
        certificate, key = authority.client()
        files = {"cert_file": "server.pem", "key_file": "server.key", "client_ca_file": "ca.pem"}
        daemon = make_daemon(web={"listen": "127.0.0.1:0", "tls": files})
        daemon.start()

        def ready() -> str:
            cert = (str(certificate), str(key))
            trust = str(authority.file)
            return requests.get(f"{daemon.url}readyz", cert=cert, verify=trust, timeout=10).text

        assert ready() == "ok\n"
        (tmp_path / "server.key").unlink()
        daemon.send(SIGHUP)
        daemon.await_text("web.tls.key_file: cannot read")
        assert ready() == "ok\n"
