"""Fuzz for long: ``make fuzz`` runs this for FUZZ_SECONDS (300) and keeps what it finds.

It ends with 1 when a property did not hold. The log that shows it, made as small as its failure
allows, is then in the corpus, and the short test of the corpus fails until it is mended.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
import traceback
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.corpus import keep
from tests.fuzz.mutation import logs_and_cuts
from tests.fuzz.properties import check

ROUND = 200
"""Examples with one seed."""
MOST_TRIES = 500
"""Tries to make one failing log smaller."""
SHOWN = 3
"""Calls of a traceback that are shown."""


def failure(data: bytes, cuts: Sequence[int] = ()) -> tuple[str, ...] | None:
    """Check a log; return what failed and where, None where all holds."""
    try:
        check(data, cuts)
    except Exception as error:
        calls = traceback.extract_tb(error.__traceback__)[-SHOWN:]
        return (type(error).__name__, *(f"{x.filename}:{x.lineno} {x.line}" for x in calls))
    return None


def smaller(data: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """Leave out lines, fewer and fewer at a time, as long as the log still fails."""
    lines = data.splitlines(keepends=True)
    count, tries = len(lines) // 2, 0
    while count and tries < MOST_TRIES:
        start = 0
        while start < len(lines) and tries < MOST_TRIES:
            tries += 1
            rest = lines[:start] + lines[start + count :]
            if fails(b"".join(rest)):
                lines = rest
            else:
                start += count
        count //= 2
    return b"".join(lines)


class Fuzzer:
    """Try logs until the time is over; one crasher is kept for each place that fails."""

    def __init__(self, seconds: float) -> None:
        self.examples = 0
        self.found: dict[tuple[str, ...], bytes] = {}
        self._deadline = time.monotonic() + seconds

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._deadline

    def round(self, number: int) -> None:
        """Try the logs of one seed."""

        @seed(number)
        @settings(
            max_examples=ROUND,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(logs_and_cuts())
        def attempt(log: tuple[bytes, list[int]]) -> None:
            if not self.over:
                self._try(*log)

        attempt()

    def _try(self, data: bytes, cuts: list[int]) -> None:
        self.examples += 1
        seen = failure(data, cuts)
        if seen is None or seen in self.found:
            return
        print(f"\nFound after {self.examples} logs: {seen[0]}", *seen[1:], sep="\n  ", flush=True)
        spread = range(0, len(data), max(1, len(data) // 40))
        fixed = cuts if failure(data, spread) != seen else None
        if fixed is None:
            data = smaller(data, lambda x: failure(x, range(0, len(x), len(x) // 40 or 1)) == seen)
        self.found[seen] = data
        print(f"  kept as {keep(data)}", "" if fixed is None else f"(cut at {fixed})", flush=True)


def main() -> int:
    """Fuzz; return the exit status."""
    seconds = float(os.environ.get("FUZZ_SECONDS", "300"))
    fuzzer = Fuzzer(seconds)
    number = int(os.environ.get("FUZZ_SEED", secrets.randbelow(1 << 32)))
    print(f"Fuzzing for {seconds:g} s from seed {number} …", flush=True)
    while not fuzzer.over:
        fuzzer.round(number)
        number += 1
    print(f"{fuzzer.examples} logs, {len(fuzzer.found)} of them fail.")
    return int(bool(fuzzer.found))


if __name__ == "__main__":
    sys.exit(main())
