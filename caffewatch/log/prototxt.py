"""The text format of protocol buffers, as Caffe dumps its parameters: one field or brace a line."""

from __future__ import annotations

import re
from collections.abc import Mapping

Message = dict[str, list["Message | str"]]
"""Fields of a message: name -> all its values, in order; numbers and enums stay text."""

_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(.))")
_NAMED = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}
MAX_DEPTH = 50
MAX_FIELDS = 200_000
MAX_TEXT = 8 << 20
"""Characters of a dump; that of ResNet-152 has 0.2 million."""
_DIGITS = 15

_FIELD = re.compile(rb" *(?:\}|\w+ \{|\w+: (?:[-+.\w]+|\"[\w ./,:+-]*\"))", re.ASCII)


def is_field(line: bytes) -> bool:
    """Tell quickly that a line is a field or a brace, and nothing else; False where in doubt."""
    return _FIELD.fullmatch(line) is not None


class Reader:
    """Read a dump line by line; what is no field is passed over.

    ``root`` is the message so far. Depth, number of fields and their length are bounded, since a
    log is not trusted.
    """

    def __init__(self) -> None:
        self.root: Message = {}
        self._open: list[Message] = [self.root]
        self._fields = 0
        self._length = 0

    def feed(self, line: str) -> None:
        """Take one line of the dump."""
        text = line.strip()
        if text == "}":
            if len(self._open) > 1:
                self._open.pop()
            return
        if text.endswith("{"):
            child: Message = {}
            self._add(text[:-1].rstrip(" :"), child)
            if len(self._open) < MAX_DEPTH:
                self._open.append(child)
            return
        name, colon, value = text.partition(":")
        if colon:
            self._add(name, _unquote(value.strip()))

    def _add(self, name: str, value: Message | str) -> None:
        self._fields += 1
        self._length += len(name) + len(value)
        if self._fields <= MAX_FIELDS and self._length <= MAX_TEXT:
            self._open[-1].setdefault(name, []).append(value)


def _unquote(value: str) -> str:
    if len(value) < 2 or value[0] not in "\"'" or value[-1] != value[0]:
        return value
    if "\\" not in value:
        return value[1:-1]
    return _ESCAPE.sub(_unescape, value[1:-1].encode()).decode("utf-8", "replace")


def _unescape(match: re.Match[bytes]) -> bytes:
    r"""Return the bytes of an escape; a letter beyond ASCII is several, each in octal."""
    octal, named = match.groups()
    return bytes([int(octal, 8) & 0xFF]) if octal else _NAMED.get(named, named)


def texts(message: Message, name: str) -> list[str]:
    """Return the scalar values of a field."""
    return [x for x in message.get(name, ()) if isinstance(x, str)]


def text(message: Message, name: str, default: str = "") -> str:
    """Return the last scalar value of a field, as protocol buffers define it."""
    found = texts(message, name)
    return found[-1] if found else default


def messages(message: Message, name: str) -> list[Message]:
    """Return the submessages of a field."""
    return [x for x in message.get(name, ()) if isinstance(x, dict)]


def whole(text: str | None) -> int | None:
    """Read a whole number; None where it is none, or has more digits than any of Caffe's."""
    return int(text) if text and text.isdecimal() and len(text) <= _DIGITS else None


def number(message: Message, name: str, default: float) -> float:
    """Return a field as a number; the default where it is missing or is none."""
    try:
        return float(text(message, name, str(default)))
    except ValueError:
        return default


def solver_type(parameters: Mapping[str, str]) -> str:
    """Return the kind of a solver as Caffe names it, whichever way its parameters do."""
    kind = parameters.get("type") or parameters.get("solver_type") or "SGD"
    return _SOLVERS.get(kind.upper(), kind)


_SOLVERS = {
    "NESTEROV": "Nesterov", "ADAGRAD": "AdaGrad", "RMSPROP": "RMSProp", "ADADELTA": "AdaDelta",
    "ADAM": "Adam",
}  # fmt: skip
