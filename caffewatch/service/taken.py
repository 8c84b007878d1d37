"""What one look at a followed log brought."""

from __future__ import annotations

from dataclasses import dataclass

from caffewatch.alert.model import Alert


@dataclass(frozen=True, slots=True)
class Taken:
    """What one look brought: alerts that people are to be told of, and when to look again.

    ``more``: at once; ``soon``: in so many seconds, though nothing may have come. ``size`` is
    the bytes read. ``rotated``: the file behind the path is another one than before.
    """

    alerts: list[Alert]
    changed: bool
    more: bool
    soon: float | None = None
    size: int = 0
    rotated: bool = False
