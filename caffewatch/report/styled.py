"""Lines for people, with the styles that a terminal would show them in; nothing here draws."""

from __future__ import annotations

Part = str | tuple[str, str]
"""A text, or a text and its style in rich's words, as in ``("critical", "bold red")``."""


class Line:
    """One line of a report; it goes from process to process, and is drawn in the last one."""

    __slots__ = ("parts",)

    def __init__(self, *parts: Part) -> None:
        self.parts = parts

    @property
    def plain(self) -> str:
        """Its text alone."""
        return "".join(part if isinstance(part, str) else part[0] for part in self.parts)
