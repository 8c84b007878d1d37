"""Values as people write them: durations, addresses, URLs, names, time zones."""

from __future__ import annotations

import re
import zoneinfo
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from caffewatch.alert.matchers import Matcher

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_NAME = re.compile(r"\w[\w.-]{0,99}")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,99}")
OWN_LABELS = frozenset(
    {
        "alertname",
        "severity",
        "host",
        "training_job",
        "log",
        "run",
        "layer",
        "blob",
        "phase",
        "event",
    }
)
"""Labels that every alert has, or has where they apply."""
_HIGHEST_PORT = 65535


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int


def seconds(value: Any) -> float:
    """Read a duration such as ``250ms``, ``2s``, ``5m``, ``4h`` or ``1d`` as seconds."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"expected a duration such as 250ms, 2s, 5m, 4h or 1d, not {shown(value)}")
    return float(match[1]) * _SECONDS[match[2]]


def spell_duration(value: float) -> str:
    """Write seconds as one would in the file, in the largest unit that gives a whole number."""
    for unit, size in reversed(_SECONDS.items()):
        if value >= size and (value / size).is_integer():
            return f"{value / size:g}{unit}"
    return f"{value:g}s"


def _interval(value: Any) -> float:
    result = seconds(value)
    if result < 0.01:
        raise ValueError(f"expected at least 10ms, not {shown(value)}")
    return result


def _address(value: Any) -> Address:
    host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > _HIGHEST_PORT:
        raise ValueError(f"expected HOST:PORT such as 127.0.0.1:9728, not {shown(value)}")
    return Address(host, int(port))


def is_web_url(text: str) -> bool:
    """Tell whether a text is an http or https URL with a host."""
    try:
        parts = urlsplit(text)
        valid_port = parts.port != 0
    except ValueError:
        return False
    plain = not re.search(r"[\s\x00-\x1f]", text)
    return plain and valid_port and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _url(value: Any) -> str:
    if not isinstance(value, str) or not is_web_url(value):
        raise ValueError(f"expected a URL such as https://watch.example/, not {shown(value)}")
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(
            f"expected up to 100 letters, digits, '_', '.' and '-', not {shown(value)}"
        )
    return value


def _label(value: Any) -> str:
    if not isinstance(value, str) or not _LABEL.fullmatch(value):
        raise ValueError("expected a label name: letters, digits and '_', no digit or '__' first")
    if value in OWN_LABELS:
        raise ValueError("every alert has a label of this name already, expected another name")
    return value


def _timezone(value: Any) -> zoneinfo.ZoneInfo | None:
    try:
        return None if value == "local" else zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise ValueError(
            f"expected local, UTC or a name such as Europe/Berlin, not {shown(value)}"
        ) from None


def _matcher(value: Any) -> Matcher:
    if not isinstance(value, str):
        raise ValueError(f'expected a matcher such as team="vision", not {shown(value)}')
    return Matcher.parse(value)


def shown(value: Any) -> str:
    """Quote a value for a message, clipped; a list or mapping is only named."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


_TEXT = WithJsonSchema({"type": "string", "minLength": 1})
DURATION_PATTERN = f"^{_DURATION.pattern}$"
DURATION_SCHEMA = WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN})

Duration = Annotated[float, BeforeValidator(seconds), DURATION_SCHEMA]
Interval = Annotated[float, BeforeValidator(_interval), DURATION_SCHEMA]
"""A duration of at least 10 ms, for what is done again and again."""
Listen = Annotated[Address, PlainValidator(_address), _TEXT]
WebUrl = Annotated[str, PlainValidator(_url), _TEXT]
Name = Annotated[str, PlainValidator(_name), _TEXT]
LabelName = Annotated[str, PlainValidator(_label), _TEXT]
MatcherText = Annotated[Matcher, PlainValidator(_matcher), _TEXT]
TimeZone = Annotated[zoneinfo.ZoneInfo | None, PlainValidator(_timezone), _TEXT]
