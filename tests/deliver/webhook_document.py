"""The schema of Alertmanager's webhook JSON, version 4, for what it sends and what we send.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Name = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]
Texts = dict[Name, str]
Status = Literal["firing", "resolved"]


def _key(name: str) -> str:
    return to_camel(name).replace("Url", "URL")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=_key)


class Entry(_Strict):
    """One alert."""

    status: Status
    labels: Texts
    annotations: Texts
    starts_at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")]
    ends_at: str
    generator_url: str
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]

    @model_validator(mode="after")
    def _ends(self) -> Self:
        """Let a firing alert end at Go's zero time, a resolved one not before its start."""
        if self.status == "firing":
            assert self.ends_at == "0001-01-01T00:00:00Z"
        else:
            start, end = map(datetime.fromisoformat, (self.starts_at, self.ends_at))
            assert start <= end
        assert self.labels["alertname"]
        return self


class Document(_Strict):
    """One POST."""

    version: Literal["4"]
    group_key: Annotated[str, Field(min_length=1)]
    truncated_alerts: Annotated[int, Field(ge=0)]
    status: Status
    receiver: Annotated[str, Field(min_length=1)]
    group_labels: Texts
    common_labels: Texts
    common_annotations: Texts
    external_url: str
    alerts: Annotated[list[Entry], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Find what is common in every alert; the whole fires when any of them does."""
        for entry in self.alerts:
            assert self.common_labels.items() <= entry.labels.items()
            assert self.common_annotations.items() <= entry.annotations.items()
            assert self.group_labels.items() <= entry.labels.items()
        assert (self.status == "firing") == any(x.status == "firing" for x in self.alerts)
        return self


def read(body: bytes) -> list[tuple[str, str, str]]:
    """Validate a POST's body; return (alertname, status, start to the second) of its alerts."""
    document = Document.model_validate_json(body)
    return [(x.labels["alertname"], x.status, x.starts_at[:19]) for x in document.alerts]
