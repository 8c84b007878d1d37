"""Text from a log, made harmless for a terminal."""

from __future__ import annotations


def plain(text: str) -> str:
    """Replace control characters: a log must not drive the reader's terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)
