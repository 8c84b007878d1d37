"""What the pure core of one log knows, saved now and then so that a restart need not read it all.

A saved core is a convenience: one that does not fit is thrown away, and the run is read again.
"""

from __future__ import annotations

import functools
import hashlib
import io
import pickle
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import caffewatch
from caffewatch.monitor import Monitor

_BUILTINS = {
    ("builtins", "slice"), ("collections", "Counter"), ("collections", "deque"),
    ("operator", "itemgetter"),
}  # fmt: skip
_PURE = ("log", "detect", "alert", "history", "monitor.py", "snapshot.py")


class CoreError(ValueError):
    """Saved bytes are not such a core, or one that another program or configuration saved."""


@dataclass(frozen=True, slots=True)
class Core:
    """One log's monitors, and how far each file had been taken in when they were saved.

    Parameters
    ----------
    offsets
        Stream -> offset in its file, each after a whole line.
    monitors
        Stream -> the monitor of the run that it belongs to.
    latest
        The stream's monitor that pages and metrics show.
    untold
        Fingerprints of alerts that fire and that nobody was told of.
    """

    offsets: Mapping[int, int]
    monitors: dict[int, Monitor]
    latest: Monitor
    untold: set[str]


def dump(core: Core, purpose: str) -> bytes:
    """Encode a core.

    Parameters
    ----------
    purpose
        Whatever else decides what the monitors do, such as the job's rules: a core is good only for
        the same again.
    """
    parts = (core.offsets, core.monitors, core.latest, core.untold)
    return _stamp(purpose) + zlib.compress(pickle.dumps(parts, protocol=5), level=1)


def load(data: bytes, purpose: str) -> Core:
    """Decode what `dump` wrote.

    Raises
    ------
    CoreError
        It was written for another purpose, by other code, or is damaged.
    """
    stamp = _stamp(purpose)
    if not data.startswith(stamp):
        raise CoreError("saved by another version or for other settings")
    try:
        return Core(*_Unpickler(io.BytesIO(zlib.decompress(data[len(stamp) :]))).load())
    except Exception as error:  # a damaged pickle may raise anything
        raise CoreError(f"damaged: {error!r}") from error


class _Unpickler(pickle.Unpickler):
    """Makes nothing but this package's own classes, and the containers that they use."""

    def find_class(self, module: str, name: str) -> type:
        found = super().find_class(module, name) if "." not in name else None
        own = module.startswith("caffewatch.") and getattr(found, "__module__", "") == module
        if isinstance(found, type) and (own or (module, name) in _BUILTINS):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a core")


def _stamp(purpose: str) -> bytes:
    return hashlib.blake2b(
        purpose.encode(errors="surrogatepass"), key=_code(), digest_size=16
    ).digest()


@functools.cache
def _code() -> bytes:
    """Hash the code that a core depends on: its classes have no version of their own."""
    digest = hashlib.blake2b(sys.version.encode(), digest_size=16)
    folder = Path(caffewatch.__file__).parent
    for part in _PURE:
        path = folder / part
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if file.is_file():
                digest.update(file.name.encode() + file.read_bytes())
    return digest.digest()
