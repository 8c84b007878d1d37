"""How much the long version of a test does: `make soak` sets the environment."""

from __future__ import annotations

import os


def examples(usual: int) -> int:
    """Return how many examples to try: as many as usual, or as ``SOAK_FACTOR`` times that."""
    return usual * int(os.environ.get("SOAK_FACTOR", "1"))


def seed(usual: int) -> int:
    """Return the seed of a random test: always the same, save in a long run."""
    return int(os.environ.get("SOAK_SEED", usual))


def count(name: str, usual: int) -> int:
    """Return how often to do something: as often as usual, or as the variable says."""
    return int(os.environ.get(name, usual))
