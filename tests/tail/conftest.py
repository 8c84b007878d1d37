"""Fixtures of a log on disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tail.harness import Reader


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return the path of a log that does not exist yet."""
    return tmp_path / "train.log"


@pytest.fixture
def reader(log: Path) -> Iterator[Reader]:
    """Follow a log that has one line."""
    log.write_bytes(b"one\n")
    reader = Reader(log)
    reader.look()
    yield reader
    reader.follower.close()
