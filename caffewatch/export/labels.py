"""Text from logs as label values: any text in, bounded printable UTF-8 out."""

from __future__ import annotations

MAX_LABEL_LENGTH = 512
"""Characters; a path or a layer's name is shorter, a hostile one may be a hundred megabytes."""


def label_value(text: str) -> str:
    r"""Make a label value that every scraper can read.

    What is not printable (controls, lone surrogates of broken UTF-8, text direction marks) becomes
    its ``\x…`` or ``\u…`` escape, and an overlong text loses its middle.
    """
    if len(text) > MAX_LABEL_LENGTH:
        half = MAX_LABEL_LENGTH // 2
        text = f"{text[:half]}…{text[-half:]}"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
