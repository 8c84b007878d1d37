"""How much the long version of a test does, and all of them for as long as you like: `make soak`.

Every round has a seed of its own, which is printed, and by which it can be done again.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of test in its long version.

    Parameters
    ----------
    tests
        What pytest is given; nothing for the fuzzer, which is a program of its own.
    settings
        Variables that tell how much to do.
    """

    name: str
    tests: tuple[str, ...]
    settings: dict[str, str]


PARTS = (
    Part("files against a model", ("tests/tail/test_model.py",), {"SOAK_FACTOR": "15"}),
    Part("kills", ("tests/service/test_crash.py",), {"SOAK_KILLS": "100"}),
    Part(
        "rotations",
        ("tests/tail/test_concurrent.py", "tests/hazards/test_rename_many.py"),
        {"SOAK_ROTATIONS": "10000"},
    ),
    Part(
        "the outbox against a model", ("tests/store/test_outbox_model.py",), {"SOAK_FACTOR": "20"}
    ),
    Part("mangled logs", (), {"FUZZ_SECONDS": "240"}),
)


def examples(usual: int) -> int:
    """Return how many examples to try: as many as usual, or as ``SOAK_FACTOR`` times that."""
    return usual * int(os.environ.get("SOAK_FACTOR", "1"))


def seed(usual: int) -> int:
    """Return the seed of a random test: always the same, save in a long run."""
    return int(os.environ.get("SOAK_SEED", usual))


def count(name: str, usual: int) -> int:
    """Return how often to do something: as often as usual, or as the variable says."""
    return int(os.environ.get(name, usual))


def command(part: Part, number: int) -> list[str]:
    """Return the command line that runs a part with a seed."""
    if not part.tests:
        return [sys.executable, "-m", "tests.fuzz.long"]
    chosen = [f"--hypothesis-seed={number}", "-p", "no:cacheprovider"]
    return [sys.executable, "-m", "pytest", "-q", "-x", *chosen, *part.tests]


def main() -> int:
    """Run rounds until the time is over or something fails; return the exit status."""
    minutes = float(os.environ.get("SOAK_MINUTES", "60"))
    number = int(os.environ.get("SOAK_SEED", secrets.randbelow(1 << 31)))
    deadline = time.monotonic() + 60 * minutes
    rounds = 0
    while time.monotonic() < deadline:
        for part in PARTS:
            settings = {"SOAK_SEED": str(number), "FUZZ_SEED": str(number)} | part.settings
            shown = " ".join(f"{name}={value}" for name, value in settings.items())
            print(f"\n== {part.name}: {shown}", flush=True)
            left = max(1.0, deadline - time.monotonic())
            try:
                done = subprocess.run(
                    command(part, number), env=os.environ | settings, check=False, timeout=left
                )
            except subprocess.TimeoutExpired:
                print(f"The time is over: {rounds} whole rounds, and nothing failed.")
                return 0
            if done.returncode:
                print(f"{part.name}: failed with {shown}")
                return 1
        rounds += 1
        number += 1
    print(f"The time is over: {rounds} whole rounds, and nothing failed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
