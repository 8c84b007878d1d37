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
    path: Text
    start_at: StartAt = "beginning"
    labels: dict[LabelName, str] = Field(default_factory=dict)
    receivers: list[str] | None = None
    rules: Any = None


class Document(Section):
    """The whole file; ``jobs`` and ``rules`` are made precise by `document_model`."""

    state_dir: Text = DEFAULT_STATE_DIR
    host: Text | None = None
    external_url: WebUrl = ""
    docs_url: WebUrl = ""
    grafana_url: PanelUrl = ""
    web: Web = Web()
    tail: Tail = Tail()
    ignore_older: Duration = DEFAULT_IGNORE_OLDER
    timezone: TimeZone = None
    jobs: Any
    rules: Any = None
    receivers: tuple[AnyReceiver, ...] = ()
    alerts: Alerts = Alerts()
    metrics: Metrics = Metrics()
    heartbeat: HeartbeatDocument | None = None


def document_model(registry: Registry) -> type[Document]:
    """Make the model of a file for these rules."""
    rules: Any = rules_model(registry)
    job: Any = create_model("Job", __base__=JobDocument, rules=(rules | None, None))
    jobs = Annotated[list[job], Field(min_length=1)]
    return create_model(
        "Configuration", __base__=Document, jobs=(jobs, ...), rules=(rules | None, None)
    )
