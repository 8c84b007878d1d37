"""The shape of the file: one model a section, the rules' made from their registry."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, create_model

from caffewatch.config.receivers import AnyReceiver, HeartbeatDocument
from caffewatch.config.rules import Registry, rules_model
from caffewatch.config.section import Section
from caffewatch.config.settings import (
    DEFAULT_IGNORE_OLDER,
    DEFAULT_STATE_DIR,
    Alerts,
    Metrics,
    StartAt,
    Tail,
    Web,
)
from caffewatch.config.templates import PanelUrl
from caffewatch.config.types import Duration, LabelName, Name, TimeZone, WebUrl

Text = Annotated[str, Field(min_length=1)]


class JobDocument(Section):
    """One job; ``rules`` is made precise by `document_model`."""

    name: Name
    """The job's name in alerts and metrics: letters, digits, `_`, `.` and `-`."""
    path: Text
    """What is followed: a file, a symlink (such as glog's caffe.INFO), a glob or a folder."""
    start_at: StartAt = "beginning"
    """Where to begin in files that are there at the very first start."""
    labels: dict[LabelName, str] = Field(default_factory=dict)
    """Added to every alert of this job."""
    receivers: list[str] | None = None
    """The names of those who are told; all of them unless set, none where it is `[]`."""
    rules: Any = None


class Document(Section):
    """The whole file; ``jobs`` and ``rules`` are made precise by `document_model`."""

    state_dir: Text = DEFAULT_STATE_DIR
    """Where alerts, read positions and undelivered messages are kept (SQLite, local disk)."""
    host: Text | None = None
    """The name of this machine in every alert; the machine's own unless set."""
    external_url: WebUrl = ""
    """Where people reach the status page; for links in messages."""
    docs_url: WebUrl = ""
    """Where people reach docs/rules.md, rendered somewhere; for links in messages."""
    grafana_url: PanelUrl = ""
    """A panel in Grafana, for links in messages: a template with job, log, from and to."""
    web: Web = Web()
    """The HTTP server."""
    tail: Tail = Tail()
    """How logs are followed."""
    ignore_older: Duration = DEFAULT_IGNORE_OLDER
    """Logs that were silent for longer at start are read and shown, but nobody is told of them."""
    timezone: TimeZone = None
    """Of the stamps in the logs: local, UTC, or a name such as Europe/Berlin."""
    jobs: Any
    rules: Any = None
    receivers: tuple[AnyReceiver, ...] = ()
    """Who is told."""
    alerts: Alerts = Alerts()
    """When people are told."""
    metrics: Metrics = Metrics()
    """What /metrics shows."""
    heartbeat: HeartbeatDocument | None = None
    """A dead man's switch, which is called as long as the work goes on."""


def document_model(registry: Registry) -> type[Document]:
    """Make the model of a file for these rules."""
    rules: Any = rules_model(registry)
    own: Any = Field(None, description="What this job wants otherwise than the file's rules.")
    job: Any = create_model("Job", __base__=JobDocument, rules=(rules | None, own))
    jobs: Any = Field(min_length=1, description="What is followed.")
    common: Any = Field(None, description="Parameters of the rules, for all jobs: docs/rules.md.")
    return create_model(
        "Configuration", __base__=Document, jobs=(list[job], jobs), rules=(rules | None, common)
    )
