"""Mail by SMTP: a text and an HTML part that say the same."""

from __future__ import annotations

import contextlib
import html
import logging
import smtplib
import socket
import ssl
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from typing import ClassVar, Literal

from caffewatch.alert.notification import Notification
from caffewatch.deliver.deadline import Deadline
from caffewatch.deliver.outcome import Delivered, Outcome, Rejected, Retry
from caffewatch.deliver.receiver import ReceiverSettings
from caffewatch.deliver.secret import Secret, redact
from caffewatch.deliver.site import Site
from caffewatch.deliver.text import defused, one_line, printable
from caffewatch.deliver.transport import tls_trouble
from caffewatch.deliver.view import view
from caffewatch.deliver.wording import Wording, fill, write

Security = Literal["starttls", "tls", "plain"]
PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "plain": 25}

REPLY_TIMEOUT = 30.0
TOTAL_TIMEOUT = 120.0
"""Seconds: mail servers let strangers wait on purpose."""

_REASON_LIMIT = 200
_MOST_REMEMBERED = 1000
_PART_LIMIT = 100_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class EmailSettings(ReceiverSettings, Wording):
    """A mail server, and who writes to whom.

    Parameters
    ----------
    port
        0 for the usual one of ``security``.
    security
        ``starttls`` and ``tls`` prove the server's name before anything is said.
    ca_file
        Certificates (PEM) of the authorities that are trusted; the system's without one.
    sender, recipients
        ``name@example.org`` or ``Name <name@example.org>``.
    html
        A template for the HTML part.
    """

    type: ClassVar[str] = "email"
    host: str
    port: int = 0
    security: Security = "starttls"
    ca_file: str = ""
    username: str = ""
    password: Secret | None = None
    sender: str
    recipients: tuple[str, ...]
    html: str = ""


class EmailReceiver:
    """Writes and sends for one configured list of people."""

    min_interval = 0.0

    def __init__(
        self,
        settings: EmailSettings,
        site: Site,
        *,
        reply_timeout: float = REPLY_TIMEOUT,
        total_timeout: float = TOTAL_TIMEOUT,
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._site = site
        self._reply_timeout = reply_timeout
        self._smtp: smtplib.SMTP | None = None
        self._deadline = Deadline(total_timeout, self._sockets)
        self._taken: dict[str, set[str]] = {}

    def send(self, notification: Notification, now: float) -> Outcome:
        """Send one notification once, over a connection of its own.

        A later try is only for those who have not got it.
        """
        message = compose(self._settings, notification, self._site)
        taken = self._taken.pop(notification.id, set())
        try:
            with self._deadline.running():
                outcome = self._send(message, taken)
        except (smtplib.SMTPException, OSError) as error:
            outcome = self._failed(error, taken)
        finally:
            if self._smtp is not None:
                self._smtp.close()
                self._smtp = None
        if taken and isinstance(outcome, Retry):
            self._taken[notification.id] = taken
            while len(self._taken) > _MOST_REMEMBERED:
                del self._taken[next(iter(self._taken))]
        return outcome

    def close(self) -> None:
        """Do nothing: every message has its connection."""

    def _send(self, message: EmailMessage, taken: set[str]) -> Outcome:
        settings = self._settings
        smtp = self._smtp = self._connected()
        if settings.security == "starttls":
            smtp.starttls(context=ssl.create_default_context(cafile=settings.ca_file or None))
        if settings.password is not None:
            smtp.login(settings.username, settings.password.reveal())
        people = [x for one in settings.recipients if (x := parseaddr(one)[1]) not in taken]
        refused = smtp.sendmail(parseaddr(settings.sender)[1], people, message.as_bytes())
        taken.update(x for x in people if x not in refused)
        with contextlib.suppress(smtplib.SMTPException, OSError):
            smtp.quit()
        return self._judged(refused, taken)

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        own_name, timeout = socket.gethostname(), self._reply_timeout
        if settings.security == "tls":
            context = ssl.create_default_context(cafile=settings.ca_file or None)
            made: smtplib.SMTP = smtplib.SMTP_SSL(
                local_hostname=own_name, timeout=timeout, context=context
            )
        else:
            made = smtplib.SMTP(local_hostname=own_name, timeout=timeout)
        # The name to prove; smtplib sets it only where it connects before we have the object.
        made._host = settings.host  # type: ignore[attr-defined] # no stub knows it
        self._smtp = made
        code, text = made.connect(settings.host, settings.port or PORTS[settings.security])
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        return made

    def _failed(self, error: Exception, taken: set[str]) -> Outcome:
        if self._deadline.expired:
            return Retry(f"no complete answer within {self._deadline.seconds:g} s")
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            return self._judged(error.recipients, taken)
        if isinstance(error, smtplib.SMTPResponseException):
            return self._classified(error.smtp_code, error.smtp_error)
        return Retry(describe_error(error))

    def _sockets(self) -> list[socket.socket]:
        sock = None if self._smtp is None else self._smtp.sock
        return [] if sock is None else [sock]

    def _judged(self, refused: dict[str, tuple[int, bytes]], taken: set[str]) -> Outcome:
        """Say what it means that some or all people were refused."""
        outcomes = [self._classified(code, text) for code, text in refused.values()]
        later = [outcome for outcome in outcomes if isinstance(outcome, Retry)]
        if later or not taken:
            return (later or outcomes)[0]
        for outcome in outcomes:
            _log.error("receiver %s: one of its people is refused: %s", self.name, outcome.reason)
        return Delivered()

    def _classified(self, code: int, text: bytes | str) -> Retry | Rejected:
        told = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        password = self._settings.password
        told = redact(told, [] if password is None else [password.reveal()])
        reason = f"SMTP {code}: {one_line(told, _REASON_LIMIT)}".rstrip(": ")
        return Rejected(reason) if 500 <= code < 600 else Retry(reason)


def compose(settings: EmailSettings, notification: Notification, site: Site) -> EmailMessage:
    """Write the mail; it is the same on every try."""
    shown = view(notification, site, defused)
    title, text = write(settings, shown)
    domain = parseaddr(settings.sender)[1].rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["Subject"] = title
    message["From"] = mailbox(settings.sender)
    message["To"] = [mailbox(one) for one in settings.recipients]
    message["Date"] = formatdate(notification.created_at)
    message["Message-ID"] = f"<{notification.id}@{domain}>"
    message["References"] = f"<run-{notification.group}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    links = "".join(f"\n{name}: {url}" for name, url in shown.worst.links)
    plain = printable(f"{text}\n{links}", _PART_LIMIT).rstrip() + "\n"
    if settings.text and not settings.html:
        rich = f'<div style="white-space: pre-wrap">{html.escape(plain)}</div>'
    else:
        rich = printable(fill("html", settings.html, shown), _PART_LIMIT)
    message.set_content(plain, cte="quoted-printable")
    message.add_alternative(rich, subtype="html", cte="quoted-printable")
    return message


def mailbox(text: str) -> Address:
    """Read ``name@example.org`` or ``Name <name@example.org>``.

    Raises
    ------
    ValueError
        It is neither.
    """
    name, address = parseaddr(text)
    try:
        made = Address(name, addr_spec=address)
        if made.username and made.domain and address.isascii() and text.isprintable():
            return made
    except (ValueError, IndexError, HeaderParseError):
        pass  # the kinds of trouble that the parser has with what is no address
    raise ValueError(f"expected an address such as ops@example.org, not {text[:80]!r}")


def describe_error(error: Exception) -> str:
    """Say what kind of error it is."""
    if isinstance(error, ssl.SSLError):
        return tls_trouble(error)
    # smtplib makes a disconnection of a time-out.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "no answer in time"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"the server does not offer what is configured: {one_line(str(error), 100)}"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "the connection was closed"
    if isinstance(error, OSError) and error.strerror:
        return f"no connection: {one_line(error.strerror, 100)}"
    return f"the message could not be sent ({type(error).__name__})"
