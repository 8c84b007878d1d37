"""A store in a folder of its own, and what goes into it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from caffewatch.store.store import Store
from tests.store.faults import FailingDisk, failing_disk


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """Return a folder that does not exist yet."""
    return tmp_path / "state"


@pytest.fixture
def disk() -> type[FailingDisk]:
    """Return the disk of `store`, which is sound as yet."""
    return failing_disk()


@pytest.fixture
def store(state_dir: Path, disk: type[FailingDisk]) -> Iterator[Store]:
    """Open a new store."""
    with Store(state_dir, factory=disk) as store:
        yield store
    disk.failure = None
