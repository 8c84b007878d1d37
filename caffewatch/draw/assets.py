"""The files that pages ask for, or hold."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

STATIC = {"style.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}
"""The files, with their types."""
_COLOUR = re.compile(r"--(\w+): #(\w+);")


@cache
def static(name: str) -> str:
    """Return one of the `STATIC` files."""
    return files("caffewatch.draw").joinpath("static", name).read_text("utf-8")


@cache
def colours() -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return the style's colours by name, as red, green and blue: by day, and in the dark."""
    light, _, dark = static("style.css").partition("prefers-color-scheme: dark")
    by_day = {name: _rgb(code) for name, code in _COLOUR.findall(light)}
    in_the_dark = _COLOUR.findall(dark.partition("\nbody")[0])
    return by_day, by_day | {name: _rgb(code) for name, code in in_the_dark}


def _rgb(code: str) -> bytes:
    return bytes.fromhex(code if len(code) == 6 else "".join(2 * digit for digit in code))
