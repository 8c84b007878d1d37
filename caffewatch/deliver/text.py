"""Text out of logs made fit for other programs: encodable, without controls, bounded."""

from __future__ import annotations

import re

_SURROGATES = re.compile("[\ud800-\udfff]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Controls (tab and newline are kept) and marks that turn the direction of writing."""

_TRIGGER = re.compile(r"(?<=[@<!])(?=\S)|(?<=:)(?=//)|(?<=\bwww)(?=\.)", re.IGNORECASE)


def clip(text: str, limit: int) -> str:
    """Cut a text to ``limit`` characters, the last one an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def encodable(text: str, limit: int) -> str:
    """Clip a text and replace what UTF-8 cannot carry (bytes that were no UTF-8 in the log)."""
    return _SURROGATES.sub("\ufffd", clip(text, limit))


def printable(text: str, limit: int) -> str:
    """Clip a text and replace controls and direction marks too; newlines stay."""
    return _UNPRINTABLE.sub("\ufffd", encodable(text, limit))


def defused(text: str, limit: int) -> str:
    """Make a line that no program takes for a mention or a link.

    A space of no width stands behind ``@``, ``<`` and ``!``, within ``://`` and behind ``www``.
    """
    return _TRIGGER.sub("\u200b", one_line(text, limit))


def one_line(text: str, limit: int) -> str:
    """Make a text printable and put it on one line."""
    return printable(" ".join(text[: 4 * limit].split()), limit)
