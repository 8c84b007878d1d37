"""The configuration file as JSON Schema, for editors and for docs/configuration.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caffewatch.config.document import document_model
from caffewatch.config.rules import Registry
from caffewatch.config.types import DURATION_PATTERN, spell_duration
from caffewatch.detect.registry import RULES

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT = ["string", "number", "boolean"]
"""Where a text is expected, ``host: 007`` is one, though an editor takes it for a number."""
_KEYS = ("properties", "$defs")
"""Where names are those of the file, not of JSON Schema."""


def json_schema(registry: Registry = RULES) -> dict[str, Any]:
    """Describe the file: every key, what it takes, its default as one would write it."""
    described: dict[str, Any] = _finished(document_model(registry).model_json_schema())
    optional = described["properties"].keys() - described["required"]
    for key in sorted(optional):
        described["properties"][key] = _or_nothing(described["properties"][key])
    return {"$schema": _DIALECT, "title": "caffewatch", **described}


def _or_nothing(node: dict[str, Any]) -> dict[str, Any]:
    """Let a key stand alone: what it had may be commented out."""
    if "anyOf" in node:
        return node
    told: dict[str, Any] = {key: node.pop(key) for key in ("description", "default") if key in node}
    return {"anyOf": [node, {"type": "null"}], **told}


def _finished(node: Any) -> Any:
    if isinstance(node, list):
        return [_finished(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    result = {
        key: {name: _finished(inner) for name, inner in value.items()}
        if key in _KEYS
        else _finished(value)
        for key, value in node.items()
        if key not in {"title", "default"}
    }
    if node.get("type") == "string" and not node.keys() & {"pattern", "enum"}:
        result["type"] = TEXT
    default = _written(node)
    return result if default is None else result | {"default": default}


def _written(node: Mapping[str, Any]) -> Any:
    """Return a default as the file would have it; None where there is nothing to write."""
    default = node.get("default")
    if isinstance(default, int) and default < node.get("minimum", default):
        return None  # stands for one that depends on something else
    if node.get("pattern") == DURATION_PATTERN and default is not None:
        return spell_duration(default)
    if node.get("type") == "string" and isinstance(default, list | tuple):
        return ":".join(map(str, default))
    return None if default in ("", None, [], {}, ()) or isinstance(default, Mapping) else default
