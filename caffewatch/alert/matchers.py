"""Conditions on an alert's labels, written as Alertmanager's matchers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

Operator = Literal["=", "!=", "=~", "!~"]

_MATCHER = re.compile(
    r"""\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"{},]+))\s*""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition; a label that an alert does not have counts as empty.

    A regular expression (Python's) has to fit the whole value.
    """

    label: str
    operator: Operator
    value: str

    @classmethod
    def parse(cls, text: str) -> Matcher:
        r"""Read ``label="value"``, or with ``!=``, ``=~`` or ``!~``; quotes may be left out.

        Within quotes ``\"``, ``\\``, ``\n`` and ``\t`` are escapes, and every other backslash is
        itself, so that ``\d`` needs no doubling.

        Raises
        ------
        ValueError
            The text is no matcher, or its expression is none.
        """
        match = _MATCHER.fullmatch(text)
        if match is None:
            raise ValueError(
                f'expected a matcher such as team="vision" (or !=, =~, !~), not {text[:80]!r}'
            )
        label, operator, quoted, bare = match.groups()
        value = bare if quoted is None else _ESCAPE.sub(_unescape, quoted)
        if operator in ("=~", "!~"):
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"no regular expression: {value[:80]!r}: {error}") from error
        return cls(label, cast(Operator, operator), value)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether labels fulfil the condition."""
        value = labels.get(self.label, "")
        if self.operator in ("=", "!="):
            return (value == self.value) == (self.operator == "=")
        return bool(re.fullmatch(self.value, value, re.DOTALL)) == (self.operator == "=~")


def _unescape(match: re.Match[str]) -> str:
    return _ESCAPED.get(match[1], match[0])
