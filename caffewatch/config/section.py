"""What all mappings in the file have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping that takes no key but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)
