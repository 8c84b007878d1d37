"""What one part of the file demands of another.

Works on the plain data, whatever its shape, so that these errors are told together with those
of single values.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from typing import Any

from caffewatch.alert.matchers import Matcher
from caffewatch.config.messages import nearest
from caffewatch.config.problem import Path
from caffewatch.config.types import OWN_LABELS
from caffewatch.deliver.registry import RECEIVERS

Found = tuple[Path, str]


def cross_check(data: Any) -> Iterator[Found]:
    """Find names used twice, unknown names, and secrets given twice or not at all."""
    yield from _repeated_names(data, "jobs")
    yield from _repeated_names(data, "receivers")
    yield from _unknown_receivers(data)
    yield from _secret_sources(data)
    yield from _unknown_labels(data)


def _mappings(data: Any, key: str) -> Iterator[tuple[int, dict[str, Any]]]:
    items = data.get(key) if isinstance(data, dict) else None
    for index, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, dict):
            yield index, item


def _repeated_names(data: Any, key: str) -> Iterator[Found]:
    seen: dict[str, int] = {}
    for index, item in _mappings(data, key):
        name = item.get("name")
        if not isinstance(name, str):
            continue
        if name in seen:
            yield (key, index, "name"), f"{key}[{seen[name]}] has this name already: {name!r}"
        seen.setdefault(name, index)


def _unknown_receivers(data: Any) -> Iterator[Found]:
    known = [str(item.get("name")) for _, item in _mappings(data, "receivers")]
    for index, job in _mappings(data, "jobs"):
        names = job.get("receivers")
        for position, name in enumerate(names if isinstance(names, list) else []):
            if isinstance(name, str) and name not in known:
                path = ("jobs", index, "receivers", position)
                yield path, f"no receiver has the name {name!r}{nearest(name, known)}"


def _secret_sources(data: Any) -> Iterator[Found]:
    for index, item in _mappings(data, "receivers"):
        kind = RECEIVERS.get(str(item.get("type")))
        needs_url = kind is not None and any(x.name == "url" for x in fields(kind.settings))
        yield from _sources(("receivers", index), item, needs_url)
    heartbeat = data.get("heartbeat") if isinstance(data, dict) else None
    if isinstance(heartbeat, dict):
        yield from _sources(("heartbeat",), heartbeat, needs_url=True)


def _sources(path: Path, item: dict[str, Any], needs_url: bool) -> Iterator[Found]:
    if needs_url and not {"url", "url_file"} & item.keys():
        yield path, "expected url or url_file"
    for key in item:
        if f"{key}_file" in item:
            yield (*path, f"{key}_file"), f"expected either {key} or {key}_file, not both"


def _unknown_labels(data: Any) -> Iterator[Found]:
    """Find matchers for labels that no alert has: a slip that would silence a receiver."""
    own = [job.get("labels") for _, job in _mappings(data, "jobs")]
    known = OWN_LABELS.union(*(labels for labels in own if isinstance(labels, dict)))
    for index, item in _mappings(data, "receivers"):
        matchers = item.get("matchers")
        for position, text in enumerate(matchers if isinstance(matchers, list) else []):
            with suppress(ValueError, TypeError):  # told where its type is checked
                label = Matcher.parse(text).label
                if label not in known:
                    message = f"no alert has the label {label!r}{nearest(label, known)}"
                    yield ("receivers", index, "matchers", position), message
