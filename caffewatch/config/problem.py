"""What is wrong with a configuration, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Keys and list positions from the top of the file down to one value."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One error: ``line`` counts from 1, or is None where the file could not be read at all.

    ``key`` is the dotted path of the value, as in ``jobs[0].rules.crash.enabled``.
    """

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ConfigError(ValueError):
    """A configuration that cannot be used; ``str`` gives one line for each problem."""

    def __init__(self, errors: Sequence[Problem]) -> None:
        self.errors = list(errors)
        super().__init__("\n".join(str(problem) for problem in self.errors))


def dotted(path: Path) -> str:
    """Write a path as ``jobs[0].rules.crash``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
