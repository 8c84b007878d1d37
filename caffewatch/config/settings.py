"""What the daemon is told, as plain frozen dataclasses. Durations are in seconds."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from caffewatch.config.certificates import CaFile, CertificateFile, certificate_with_key
from caffewatch.config.section import STRICT
from caffewatch.config.types import Address, Duration, Interval, Listen
from caffewatch.deliver.heartbeat import HeartbeatSettings
from caffewatch.deliver.receiver import ReceiverSettings
from caffewatch.deliver.site import Site
from caffewatch.detect.settings import RuleSettings

StartAt = Literal["beginning", "end"]

DEFAULT_STATE_DIR = "/var/lib/caffewatch"
DEFAULT_IGNORE_OLDER = 24 * 3600.0
DEFAULT_LISTEN = Address("127.0.0.1", 9728)


@dataclass(frozen=True)
class WebTls:
    """Certificates of the HTTP server. They are read again when they change."""

    __pydantic_config__ = STRICT
    cert_file: CertificateFile
    """The server's certificate, with those between it and an authority (PEM)."""
    key_file: CertificateFile = ""
    """The certificate's key (PEM, no password), unless it is in the same file."""
    client_ca_file: CaFile = ""
    """Authorities (PEM): only clients with a certificate of theirs are answered."""

    def __post_init__(self) -> None:
        """Try the certificate and its key together."""
        certificate_with_key(self.cert_file, self.key_file)


@dataclass(frozen=True)
class Web:
    """The HTTP server: status page, /metrics, /healthz and /readyz."""

    __pydantic_config__ = STRICT
    listen: Listen = DEFAULT_LISTEN
    """Host and port; port 0 takes any free one."""
    tls: WebTls | None = None
    """HTTPS instead of HTTP."""


@dataclass(frozen=True)
class Tail:
    """How logs are followed."""

    __pydantic_config__ = STRICT
    events: bool = True
    """Whether the system's file events make caffewatch look at once."""
    poll_interval: Interval = 1.0
    """How often every log is looked at anyway; at least 10ms."""


@dataclass(frozen=True)
class Alerts:
    """When people are told."""

    __pydantic_config__ = STRICT
    group_wait: Duration = 0.0
    """How long an alert waits for others of its run, to be told together."""
    repeat_interval: Duration = 4 * 3600.0
    """How often an alert that still fires is told again; 0s is never."""
    missing_after: Duration = 300.0
    """A job without a readable log for so long is an alert too."""


@dataclass(frozen=True)
class Metrics:
    """What /metrics shows."""

    __pydantic_config__ = STRICT
    blobs: bool = False
    """A series for every blob too, for a net that is being debugged."""
    retire_after: Duration = 3600.0
    """How long the series of a log stay once it has ended or gone silent."""
    max_series_per_log: Annotated[int, Field(ge=1)] = 5000
    """What is more is left out, and counted in caffewatch_series_dropped_total."""


@dataclass(frozen=True)
class Job:
    """One configured name and the logs behind it.

    ``path`` is absolute: a file, symlink, glob or folder. ``rules`` has the top-level rules and
    this job's overrides in one. ``receivers`` are names, all of them by default; ``events`` are the
    kinds of events that any of them asks for.
    """

    name: str
    path: str
    rules: RuleSettings
    receivers: tuple[str, ...]
    start_at: StartAt = "beginning"
    labels: Mapping[str, str] = field(default_factory=dict)
    events: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """A whole configuration file. ``timezone`` None is the machine's own."""

    host: str
    jobs: tuple[Job, ...]
    receivers: tuple[ReceiverSettings, ...] = ()
    state_dir: Path = Path(DEFAULT_STATE_DIR)
    external_url: str = ""
    docs_url: str = ""
    grafana_url: str = ""
    web: Web = Web()
    tail: Tail = Tail()
    alerts: Alerts = Alerts()
    metrics: Metrics = Metrics()
    heartbeat: HeartbeatSettings | None = None
    ignore_older: float = DEFAULT_IGNORE_OLDER
    timezone: zoneinfo.ZoneInfo | None = None

    @property
    def site(self) -> Site:
        """What messages say of this installation."""
        return Site(self.external_url, self.docs_url, self.grafana_url, self.timezone)
