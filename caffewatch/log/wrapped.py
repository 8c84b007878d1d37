"""Lines that Docker wrote to its own files (json-file), each as an object of JSON."""

from __future__ import annotations

import json


def unwrap(line: bytes) -> bytes:
    """Return the line as the process wrote it; as it stands where it is no such object."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):  # cut off, or hostile
        return line
    text = found.get("log") if isinstance(found, dict) else None
    if not isinstance(text, str):
        return line
    text = text.removesuffix("\n").removesuffix("\r").replace("\n", " ")
    return text.encode("utf-8", "replace")
