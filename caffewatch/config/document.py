"""The shape of the file: one model a section, the rules' made from their registry."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from caffewatch.alert.model import Severity
from caffewatch.config.credentials import KeyFile, KeyText, UrlFile, UrlText
from caffewatch.config.rules import Registry, rules_model
from caffewatch.config.settings import (
    DEFAULT_IGNORE_OLDER,
    DEFAULT_STATE_DIR,
    Alerts,
    Metrics,
    StartAt,
    Tail,
    Web,
)
from caffewatch.config.types import Duration, LabelName, Name, TimeZone, WebUrl

Text = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """A mapping that takes no key but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReceiverDocument(Section):
    """What every receiver may have."""

    name: Name
    url: UrlText | None = None
    url_file: UrlFile | None = None
    min_severity: Severity = "warning"
    send_resolved: bool = True


class WebhookDocument(ReceiverDocument):
    """A receiver of type webhook."""

    type: Literal["webhook"]
    secret: KeyText | None = None
    secret_file: KeyFile | None = None


class SlackDocument(ReceiverDocument):
    """A receiver of type slack."""

    type: Literal["slack"]


AnyReceiver = Annotated[WebhookDocument | SlackDocument, Field(discriminator="type")]


class JobDocument(Section):
    """One job; ``rules`` is made precise by `document_model`."""

    name: Name
    path: Text
    start_at: StartAt = "beginning"
    labels: dict[LabelName, str] = {}
    receivers: list[str] | None = None
    rules: Any = None


class Document(Section):
    """The whole file; ``jobs`` and ``rules`` are made precise by `document_model`."""

    state_dir: Text = DEFAULT_STATE_DIR
    host: Text | None = None
    external_url: WebUrl = ""
    web: Web = Web()
    tail: Tail = Tail()
    ignore_older: Duration = DEFAULT_IGNORE_OLDER
    timezone: TimeZone = None
    jobs: Any
    rules: Any = None
    receivers: list[AnyReceiver] = []
    alerts: Alerts = Alerts()
    metrics: Metrics = Metrics()


def document_model(registry: Registry) -> type[Document]:
    """Make the model of a file for these rules."""
    rules: Any = rules_model(registry)
    job: Any = create_model("Job", __base__=JobDocument, rules=(rules | None, None))
    jobs = Annotated[list[job], Field(min_length=1)]
    return create_model(
        "Configuration", __base__=Document, jobs=(jobs, ...), rules=(rules | None, None)
    )
