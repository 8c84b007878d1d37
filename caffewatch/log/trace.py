"""The traceback of a Python program: what it ends with ended the program."""

from __future__ import annotations

import re

_LONGEST = 200
"""Lines without a prefix in which the exception may come."""
_EXCEPTION = re.compile(
    r"(?:\w+\.)*(?:\w*(?:Error|Exception|Interrupt|Exit|Iteration)|error|timeout)(?::|$)"
)


class Trace:
    """Follow a traceback from its first line to the exception, whatever Caffe says in between.

    What is raised in a thread, while something is thrown away or in the log itself ends nothing.
    """

    def __init__(self) -> None:
        self._left = 0
        self._is_mere = False

    @property
    def is_open(self) -> bool:
        """Whether the exception may still come."""
        return self._left > 0

    def excuse(self) -> None:
        """Take a line that says of the next traceback that it ends nothing."""
        self._is_mere = True

    def begin(self) -> None:
        """Take ``Traceback (most recent call last):``."""
        self._left = 0 if self._is_mere else _LONGEST
        self._is_mere = False

    def names_exception(self, text: str) -> bool:
        """Take a line behind it; return whether it is the exception's."""
        if not self._left:
            return False
        found = _EXCEPTION.match(text) is not None
        self._left = 0 if found else self._left - 1
        return found
