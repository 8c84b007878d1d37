"""The commented example that ``caffewatch config example`` prints."""

from __future__ import annotations

from importlib import resources


def example() -> str:
    """Return the text of a complete, commented configuration file."""
    return resources.files("caffewatch.config").joinpath("example.yaml").read_text("utf-8")
