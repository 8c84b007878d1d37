"""Text that must never be printed: URLs that are passwords, signing keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

HIDDEN = "***"
_SHORTEST_HIDDEN = 4
"""Replacing shorter texts would garble a message and hide nothing."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A text whose ``str`` and ``repr`` are ``***``; `reveal` gives it to the one who needs it."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return HIDDEN


def redact(text: str, secrets: Iterable[str]) -> str:
    """Replace every one of the secrets in a text by ``***``, longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_HIDDEN:
            text = text.replace(secret, HIDDEN)
    return text
