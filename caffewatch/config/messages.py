"""Validation errors in words: what was expected instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from caffewatch.config.problem import Path
from caffewatch.config.types import shown
from caffewatch.deliver.registry import RECEIVERS

_EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "string_type": "a text",
    "string_too_short": "a text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dataclass_type": "a mapping",
}
_FROM_CONTEXT = {
    "value_error": "{error}",
    "missing": "missing, expected a value",
    "too_short": "expected at least one entry",
    "union_tag_not_found": f"missing, expected one of: {', '.join(RECEIVERS)}",
    "union_tag_invalid": f"unknown type {{tag!r}}, expected one of: {', '.join(RECEIVERS)}",
    "literal_error": "expected {expected}, not {input}",
    "greater_than_equal": "expected at least {ge:g}, not {input}",
    "less_than_equal": "expected at most {le:g}, not {input}",
}
_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}


def value_path(error: ErrorDetails) -> Path:
    """Find the value of an error in the file: what pydantic adds of its own is taken out."""
    path = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"].startswith("union_tag"):
        return (*path, "type")
    inside_receiver = len(path) > 2 and path[0] == "receivers"
    return (*path[:2], *path[3:]) if inside_receiver else path


def describe(error: ErrorDetails, schema: Mapping[str, Any]) -> str:
    """Say what is wrong and what was expected.

    Parameters
    ----------
    error
        One of pydantic's.
    schema
        The JSON Schema of the whole file, where the keys known at each place are.
    """
    kind = error["type"]
    if kind in _UNKNOWN:
        known = _known_keys(schema, error["loc"][:-1])
        return f"unknown key{nearest(str(error['loc'][-1]), known)}"
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}, not {shown(error['input'])}"
    return _FROM_CONTEXT.get(kind, "{msg}").format(
        msg=error["msg"], input=shown(error["input"]), **error.get("ctx", {})
    )


def nearest(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest of the known words, or list them all where none is near."""
    names = sorted(set(known))
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f", did you mean {close[0]}?"
    return f", expected one of: {', '.join(names)}" if names else ""


def _known_keys(schema: Mapping[str, Any], loc: tuple[str | int, ...]) -> list[str]:
    """Walk a JSON Schema along an error's place and return the keys of the mapping there."""
    node: Mapping[str, Any] = schema
    for part in loc:
        node = _step(schema, _followed(schema, node), part)
    return list(_followed(schema, node).get("properties", {}))


def _step(schema: Mapping[str, Any], node: Mapping[str, Any], part: str | int) -> Mapping[str, Any]:
    if isinstance(part, int):
        child = node.get("items", {})
    elif "discriminator" in node:
        child = {"$ref": node["discriminator"]["mapping"][part]}
    else:
        child = node.get("properties", {}).get(part, node.get("additionalProperties", {}))
    return child if isinstance(child, Mapping) else {}


def _followed(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references, and the one branch of an optional value that is not null."""
    while True:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        elif "anyOf" in node:
            node = next(branch for branch in node["anyOf"] if branch.get("type") != "null")
        else:
            return node
