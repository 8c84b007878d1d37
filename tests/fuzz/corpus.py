"""The logs that fuzzing begins with: excerpts of real ones, hand-written ones, and crashers.

``make fuzz`` adds what it finds, as ``crash-HASH.log``; it stays there once it is mended.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
NAMES = sorted(path.name for path in FOLDER.glob("*.log"))
LOGS = [(FOLDER / name).read_bytes() for name in NAMES]
LINES = [log.splitlines(keepends=True) for log in LOGS]


def keep(data: bytes, folder: Path = FOLDER) -> Path:
    """Write a crasher into the corpus; return its path."""
    path = folder / f"crash-{hashlib.sha256(data).hexdigest()[:12]}.log"
    path.write_bytes(data)
    return path
