"""Receivers in the file: one model a type, and the way to the receivers' own settings."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from caffewatch.alert.model import Severity
from caffewatch.alert.occasions import TITLES
from caffewatch.config.certificates import CaFile, CertificateFile, certificate_with_key
from caffewatch.config.credentials import (
    HeadersFile,
    HeadersText,
    KeyFile,
    KeyText,
    SecretFile,
    SecretText,
    ServiceFile,
    ServiceText,
    UrlFile,
    UrlText,
)
from caffewatch.config.section import Section
from caffewatch.config.templates import HtmlTemplate, TextTemplate, TitleTemplate
from caffewatch.config.types import DURATION_SCHEMA, MatcherText, Name, seconds, shown
from caffewatch.deliver.email import Security, mailbox
from caffewatch.deliver.exec import TIME_LIMIT
from caffewatch.deliver.heartbeat import INTERVAL, HeartbeatSettings
from caffewatch.deliver.receiver import ReceiverSettings
from caffewatch.deliver.registry import RECEIVERS

_LONGEST_RUN = 600.0
"""Seconds: a program that takes longer should hand its work on."""


def _run_time(value: Any) -> float:
    result = seconds(value)
    if not 0.1 <= result <= _LONGEST_RUN:
        raise ValueError(f"expected 100ms to 10m, not {shown(value)}")
    return result


def _mailbox(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected an address such as ops@example.org, not {shown(value)}")
    mailbox(value)
    return value


def _host_name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9.:_-]+", value):
        raise ValueError(f"expected a host's name or address, not {shown(value)}")
    return value


def _heartbeat_interval(value: Any) -> float:
    result = seconds(value)
    if result < 1.0:
        raise ValueError(f"expected at least 1s, not {shown(value)}")
    return result


HeartbeatInterval = Annotated[float, PlainValidator(_heartbeat_interval), DURATION_SCHEMA]


def _event_kind(value: Any) -> str:
    if value not in TITLES:
        raise ValueError(f"expected one of {', '.join(TITLES)}, not {shown(value)}")
    return str(value)


RunTime = Annotated[float, PlainValidator(_run_time), DURATION_SCHEMA]
EventKind = Annotated[str, PlainValidator(_event_kind), WithJsonSchema({"enum": list(TITLES)})]
_TEXT = WithJsonSchema({"type": "string", "minLength": 1})
Mailbox = Annotated[str, PlainValidator(_mailbox), _TEXT]
HostName = Annotated[str, PlainValidator(_host_name), _TEXT]
ProgramText = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")]


class ReceiverDocument(Section):
    """What every receiver may have."""

    name: Name
    """Unique; jobs and metrics know the receiver by it."""
    min_severity: Severity = "warning"
    """Milder alerts are not sent."""
    matchers: tuple[MatcherText, ...] = ()
    """On labels, as Alertmanager's (=, !=, =~, !~): all have to fit."""
    send_events: tuple[EventKind, ...] = ()
    """Events of a run's life that are sent too."""


class EdgeDocument(ReceiverDocument):
    """A receiver that is told when an alert fires, and may be told when it resolves."""

    send_resolved: bool = True
    """Whether the end of an alert is sent too."""


class HttpDocument(Section):
    """What every receiver over HTTP may have."""

    proxy: UrlText | None = None
    """A proxy; unless set, HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the environment count."""
    proxy_file: UrlFile | None = None
    """A file that has it."""
    ca_file: CaFile = ""
    """Authorities to trust (PEM) instead of the system's."""
    cert_file: CertificateFile = ""
    """A certificate to show to the server (PEM)."""
    key_file: CertificateFile = ""
    """Its key (PEM, no password), unless it is in the same file."""
    username: str = ""
    """For basic authentication, with a password."""
    password: SecretText | None = None
    """The password."""
    password_file: SecretFile | None = None
    """A file that has it."""
    headers: HeadersText | None = None
    """Other headers, a line for each: `NAME: VALUE`."""
    headers_file: HeadersFile | None = None
    """A file that has them."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        certificate_with_key(self.cert_file, self.key_file)
        if bool(self.username) != (self.password is not None or self.password_file is not None):
            raise ValueError("expected username and password (or password_file) together")
        return self


class WebhookDocument(EdgeDocument, HttpDocument):
    """A program that takes the JSON of Alertmanager's webhooks."""

    type: Literal["webhook"]
    url: UrlText | None = None
    """Where to POST to."""
    url_file: UrlFile | None = None
    """A file that has it."""
    secret: KeyText | None = None
    """Signs every message as Standard Webhooks: whsec_ and Base64, or any text."""
    secret_file: KeyFile | None = None
    """A file that has it."""


class WordingDocument(Section):
    """What every receiver whose messages people read may have."""

    title: TitleTemplate = ""
    """A template (Jinja2) instead of the usual title."""
    text: TextTemplate = ""
    """A template (Jinja2) instead of the usual text."""


class SlackDocument(EdgeDocument, HttpDocument, WordingDocument):
    """A channel in Slack."""

    type: Literal["slack"]
    url: UrlText | None = None
    """The URL of an incoming webhook."""
    url_file: UrlFile | None = None
    """A file that has it."""


class AlertmanagerDocument(ReceiverDocument, HttpDocument):
    """Prometheus' Alertmanager: what fires is posted to every instance each minute."""

    type: Literal["alertmanager"]
    urls: Annotated[tuple[UrlText, ...], Field(min_length=1)]
    """Every instance of the Alertmanager."""


class EmailDocument(EdgeDocument, WordingDocument):
    """Mail, by SMTP."""

    type: Literal["email"]
    host: HostName
    """The mail server."""
    port: Annotated[int, Field(ge=1, le=65535)] = 0
    """587 with starttls, 465 with tls and 25 with plain, unless set."""
    security: Security = "starttls"
    """How the connection is kept private."""
    ca_file: CaFile = ""
    """Authorities to trust (PEM) instead of the system's."""
    username: str = ""
    """For the mail server, with a password."""
    password: SecretText | None = None
    """The password."""
    password_file: SecretFile | None = None
    """A file that has it."""
    sender: Annotated[Mailbox, Field(alias="from")]
    """Who it is from: an address, or `Name <address>`."""
    recipients: Annotated[tuple[Mailbox, ...], Field(alias="to", min_length=1)]
    """Who gets it."""
    html: HtmlTemplate = ""
    """A template (Jinja2) instead of the usual HTML."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        secret = self.password is not None or self.password_file is not None
        if bool(self.username) != secret:
            raise ValueError("expected username and password (or password_file) together")
        if secret and self.security == "plain":
            raise ValueError("expected security starttls or tls: a password is sent to the server")
        return self


class AppriseDocument(EdgeDocument, WordingDocument):
    """One of the many services that Apprise knows; needs the extra of that name."""

    type: Literal["apprise"]
    url: ServiceText | None = None
    """The URL by which Apprise knows the service."""
    url_file: ServiceFile | None = None
    """A file that has it."""


class ExecDocument(EdgeDocument):
    """A program that gets the webhook's JSON on its standard input."""

    type: Literal["exec"]
    command: Annotated[tuple[ProgramText, ...], Field(min_length=1)]
    """The program and its arguments; no shell sees them."""
    timeout: RunTime = TIME_LIMIT
    """When it is killed, and tried again: 100ms to 10m."""


AnyReceiver = Annotated[
    AlertmanagerDocument
    | AppriseDocument
    | EmailDocument
    | ExecDocument
    | SlackDocument
    | WebhookDocument,
    Field(discriminator="type"),
]


class HeartbeatDocument(HttpDocument):
    """The dead man's switch."""

    url: UrlText | None = None
    """Where the switch is."""
    url_file: UrlFile | None = None
    """A file that has it."""
    interval: HeartbeatInterval = INTERVAL
    """How often it is called; at least 1s."""
    method: Literal["GET", "POST"] = "GET"
    """How it is called."""


def receiver_settings(document: Any) -> ReceiverSettings:
    """Make a receiver's settings."""
    made: ReceiverSettings = _settings(RECEIVERS[document.type].settings, document)
    return made


def heartbeat_settings(document: HeartbeatDocument | None) -> HeartbeatSettings | None:
    """Make the settings of the dead man's switch, where there is one."""
    if document is None:
        return None
    made: HeartbeatSettings = _settings(HeartbeatSettings, document)
    return made


def _settings(kind: Any, document: Any) -> Any:
    """Fill settings in: a secret from a file stands where one from a text would."""
    values: dict[str, Any] = {}
    for entry in fields(kind):
        from_file = getattr(document, f"{entry.name}_file", None)
        if from_file is not None or hasattr(document, entry.name):
            values[entry.name] = getattr(document, entry.name) if from_file is None else from_file
    return kind(**values)
