"""Series as lines of text, made from as few new strings as possible.

A thousand logs have some hundred thousand series, most of which differ from log to log in nothing
but the log. prometheus_client escapes every label of every series at every scrape; here a line is
its *head* (name and labels within the log), made once, its log's *tail*, and a number.
"""

from __future__ import annotations

from caffewatch.export.family import LOG_LABELS, Family
from caffewatch.export.labels import label_value

MAX_SIZE = 8 * 1024 * 1024
"""Characters of all heads that are kept."""
NUMBERS = {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}
"""What Python spells otherwise than both formats do."""
_MAX_ENTRY = 4096
_OVERHEAD = 256
"""Of a string, its key and its place, in about as many bytes."""
_SPECIAL = str.maketrans({"\\": r"\\", '"': r"\""})


class Heads(dict[tuple[Family, tuple[str, ...]], str]):
    """(family, label values within the log) -> the line up to the labels of the log."""

    def __init__(self) -> None:
        self.size = 0

    def __missing__(self, key: tuple[Family, tuple[str, ...]]) -> str:
        family, values = key
        head = family.name + "{" + _labels(family.labels[len(LOG_LABELS) :], values)
        size = sum(map(len, values), start=len(head) + _OVERHEAD)
        if size <= _MAX_ENTRY:
            if self.size + size > MAX_SIZE:
                self.clear()
                self.size = 0
            self.size += size
            self[key] = head
        return head


def tail(job: str, log: str) -> str:
    """Return what stands in every line of a log between head and number."""
    return _labels(LOG_LABELS, (job, log))[:-1] + "} "


def _labels(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    return "".join(
        f'{name}="{label_value(value).translate(_SPECIAL)}",'
        for name, value in zip(names, values, strict=True)
    )
