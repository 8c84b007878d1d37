"""What all mappings in the file have in common: they are strict, and explain their keys.

The text under a key is its description in ``config schema`` and in docs/configuration.md.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

STRICT = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Section(BaseModel):
    """A mapping that takes no key but its own."""

    model_config = STRICT | ConfigDict(frozen=True)
