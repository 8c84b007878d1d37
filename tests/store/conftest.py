"""A store in a folder of its own, and what goes into it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from caffewatch.store.store import Store


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """Return a folder that does not exist yet."""
    return tmp_path / "state"


@pytest.fixture
def store(state_dir: Path) -> Iterator[Store]:
    """Open a new store."""
    with Store(state_dir) as store:
        yield store
