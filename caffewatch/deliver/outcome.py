"""What became of one try to deliver."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver took it."""


@dataclass(frozen=True, slots=True)
class Retry:
    """It may work later; ``after`` is how many seconds the receiver asked to be left alone."""

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The receiver will never take it."""

    reason: str


Outcome = Delivered | Retry | Rejected
