"""A real SMTP server on loopback, which answers as the test says and keeps what it is sent."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.patience import PATIENCE
from tests.ports import free_port


@dataclass
class MailServer:
    """What has arrived: (from, to, message); ``answers`` are given by address, or to the data."""

    port: int
    received: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    logins: list[tuple[str, str]] = field(default_factory=list)
    password: str = "hunter2-pw"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take a recipient, unless the test says otherwise."""
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd looks for this name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        """Keep a message, unless the test says otherwise."""
        if "data" in self.answers:
            return self.answers["data"]
        message = message_from_bytes(envelope.content, policy=default)
        self.received.append((envelope.mail_from, list(envelope.rcpt_tos), message))
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, kind: str, data: Any) -> Any:
        """Check name and password."""
        assert isinstance(data, LoginPassword)
        name, password = data.login.decode(), data.password.decode()
        self.logins.append((name, password))
        return AuthResult(success=password == self.password, handled=False)


@contextmanager
def mail_server(
    tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, **more: Any
) -> Iterator[MailServer]:
    """Run a server, with TLS from the beginning or from STARTTLS on."""
    state = MailServer(free_port())
    controller = Controller(
        state,
        hostname="127.0.0.1",
        port=state.port,
        ssl_context=tls,
        tls_context=starttls,
        require_starttls=starttls is not None,
        auth_require_tls=tls is None,  # which is STARTTLS here
        authenticator=state.authenticate,
        ready_timeout=PATIENCE,
        **more,
    )
    controller.start()
    try:
        yield state
    finally:
        controller.stop()
