"""A debug_info block in words, line by line, as pages show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BlockLine:
    """One line of a block; ``mark`` says why to look at it, empty where it is as it should be."""

    phase: str
    layer: str
    value: float
    meaning: str
    normal: str
    note: str
    mark: str


@dataclass(frozen=True, slots=True)
class BlockWords:
    """A whole block and what is to be said of it."""

    iteration: int | None
    verdict: str
    lines: tuple[BlockLine, ...]
