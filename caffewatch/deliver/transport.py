"""How a server is reached over HTTP: proxy, certificates, and what every request carries."""

from __future__ import annotations

import base64
import re
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from caffewatch.deliver.secret import Secret
from caffewatch.deliver.text import one_line

_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e]*)")
_RESERVED = ("content-", "webhook-", "host", "transfer-encoding", "connection")


@dataclass(frozen=True, kw_only=True)
class Transport:
    """What it takes to get through to a server.

    Parameters
    ----------
    proxy
        URL of a proxy, which may hold a password. Without one, ``HTTP_PROXY``, ``HTTPS_PROXY`` and
        ``NO_PROXY`` of the environment count.
    ca_file
        Certificates (PEM) of the authorities that are trusted; the system's without one.
    cert_file, key_file
        Our own certificate and its key (PEM), for servers that ask for one.
    username, password
        For basic authentication.
    headers
        Further headers, a line for each.
    """

    proxy: Secret | None = None
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    username: str = ""
    password: Secret | None = None
    headers: Secret | None = None

    def fixed_headers(self) -> dict[str, str]:
        """Return the configured headers, and the one that says who we are."""
        made = {} if self.headers is None else parse_headers(self.headers.reveal())
        if self.password is not None:
            pair = f"{self.username}:{self.password.reveal()}".encode()
            made["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        return made

    def certificate(self) -> str | tuple[str, str] | None:
        """Return the paths of our own certificate and key, as requests takes them."""
        if self.cert_file and self.key_file:
            return self.cert_file, self.key_file
        return self.cert_file or None

    def credentials(self) -> list[str]:
        """Return the texts among all this that no message may repeat."""
        known = [x.reveal() for x in (self.proxy, self.password) if x is not None]
        if self.proxy is not None:
            known.append(urlsplit(self.proxy.reveal()).password or "")
        for value in self.fixed_headers().values():
            known += [value, value.rpartition(" ")[2]]
        return known


def parse_headers(text: str) -> dict[str, str]:
    """Read ``Name: value`` lines.

    Raises
    ------
    ValueError
        A line is no header, or one that is not to be set; the message does not repeat it.
    """
    made = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _HEADER.fullmatch(line.strip())
        if line.strip() and match is None:
            raise ValueError(f"expected Name: value in line {number} of the headers")
        if match is not None:
            if match[1].lower().startswith(_RESERVED):
                raise ValueError(f"{match[1]} is set by caffewatch, expected other headers")
            made[match[1]] = match[2].strip()
    return made


def tls_trouble(error: ssl.SSLError) -> str:
    """Say why TLS failed; OpenSSL's words name no more of a server than its host."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = one_line(error.verify_message, 200).rstrip(".")
        return f"the server's certificate is not accepted: {why}"
    why = (error.reason or type(error).__name__).replace("_", " ").lower()
    return f"the TLS connection failed: {one_line(why, 100)}"
