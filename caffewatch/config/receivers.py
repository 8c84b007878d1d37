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
    min_severity: Severity = "warning"
    matchers: tuple[MatcherText, ...] = ()
    send_events: tuple[EventKind, ...] = ()


class EdgeDocument(ReceiverDocument):
    """A receiver that is told when an alert fires, and may be told when it resolves."""

    send_resolved: bool = True


class HttpDocument(Section):
    """What every receiver over HTTP may have."""

    proxy: UrlText | None = None
    proxy_file: UrlFile | None = None
    ca_file: CaFile = ""
    cert_file: CertificateFile = ""
    key_file: CertificateFile = ""
    username: str = ""
    password: SecretText | None = None
    password_file: SecretFile | None = None
    headers: HeadersText | None = None
    headers_file: HeadersFile | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        certificate_with_key(self.cert_file, self.key_file)
        if bool(self.username) != (self.password is not None or self.password_file is not None):
            raise ValueError("expected username and password (or password_file) together")
        return self


class WebhookDocument(EdgeDocument, HttpDocument):
    """A receiver of type webhook."""

    type: Literal["webhook"]
    url: UrlText | None = None
    url_file: UrlFile | None = None
    secret: KeyText | None = None
    secret_file: KeyFile | None = None


class WordingDocument(Section):
    """What every receiver whose messages people read may have."""

    title: TitleTemplate = ""
    text: TextTemplate = ""


class SlackDocument(EdgeDocument, HttpDocument, WordingDocument):
    """A receiver of type slack."""

    type: Literal["slack"]
    url: UrlText | None = None
    url_file: UrlFile | None = None


class AlertmanagerDocument(ReceiverDocument, HttpDocument):
    """A receiver of type alertmanager."""

    type: Literal["alertmanager"]
    urls: Annotated[tuple[UrlText, ...], Field(min_length=1)]


class EmailDocument(EdgeDocument, WordingDocument):
    """A receiver of type email."""

    type: Literal["email"]
    host: HostName
    port: Annotated[int, Field(ge=1, le=65535)] = 0
    security: Security = "starttls"
    ca_file: CaFile = ""
    username: str = ""
    password: SecretText | None = None
    password_file: SecretFile | None = None
    sender: Annotated[Mailbox, Field(alias="from")]
    recipients: Annotated[tuple[Mailbox, ...], Field(alias="to", min_length=1)]
    html: HtmlTemplate = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        secret = self.password is not None or self.password_file is not None
        if bool(self.username) != secret:
            raise ValueError("expected username and password (or password_file) together")
        if secret and self.security == "plain":
            raise ValueError("expected security starttls or tls: a password is sent to the server")
        return self


class AppriseDocument(EdgeDocument, WordingDocument):
    """A receiver of type apprise."""

    type: Literal["apprise"]
    url: ServiceText | None = None
    url_file: ServiceFile | None = None


class ExecDocument(EdgeDocument):
    """A receiver of type exec."""

    type: Literal["exec"]
    command: Annotated[tuple[ProgramText, ...], Field(min_length=1)]
    timeout: RunTime = TIME_LIMIT


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
    url_file: UrlFile | None = None
    interval: HeartbeatInterval = INTERVAL
    method: Literal["GET", "POST"] = "GET"


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
