"""A disk that fails now and then, as a network's does: calls end with EIO or ESTALE."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest

CALLS = ("open", "pread", "fstat", "stat", "lstat", "listdir", "scandir", "readlink")
"""What tailing asks of the operating system."""


@contextmanager
def failing(seed: int, share: float, *calls: str) -> Iterator[None]:
    """Let so large a share of the named calls fail, all kinds where none is named."""
    chance = Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        for name in calls or CALLS:
            patch.setattr(os, name, _flaky(getattr(os, name), chance, share))
        yield


def _flaky(call: Callable[..., Any], chance: Random, share: float) -> Callable[..., Any]:
    def flaky(*values: Any, **named: Any) -> Any:
        if chance.random() < share:
            code = chance.choice([errno.EIO, errno.ESTALE])
            raise OSError(code, os.strerror(code))
        return call(*values, **named)

    return flaky
