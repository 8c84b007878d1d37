"""Certificates made for a test, and the TLS contexts of servers that show them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass
class Authority:
    """An authority of its own, with its certificate in ``file``."""

    folder: Path
    name: str = "ca"

    def __post_init__(self) -> None:
        """Make the authority."""
        self._authority = trustme.CA()
        self.file = self.folder / f"{self.name}.pem"
        self._authority.cert_pem.write_to_path(str(self.file))

    def server(self, name: str = "127.0.0.1", *, ask: bool = False) -> ssl.SSLContext:
        """Make the context of a server of this name, which may ask clients for a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(context)
        if ask:
            self._authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client(self) -> tuple[Path, Path]:
        """Write a client's certificate and key."""
        return self.write("client", "caffewatch@example.org")

    def write(self, stem: str, name: str = "127.0.0.1") -> tuple[Path, Path]:
        """Write a certificate of this name and its key; whatever was there before is replaced."""
        leaf = self._authority.issue_cert(name)
        certificate, key = self.folder / f"{stem}.pem", self.folder / f"{stem}.key"
        leaf.cert_chain_pems[0].write_to_path(str(certificate))
        leaf.private_key_pem.write_to_path(str(key))
        return certificate, key
