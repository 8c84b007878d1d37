"""A rotated file is overwritten in place, as logrotate's `shred` does before it deletes one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hazards.harness import LAST, NAN, Hazard
from tests.hazards.writer import Training, copytruncate, rotate

FILLS: dict[str, Callable[[int], bytes]] = {
    "random": os.urandom,
    "zeros": bytes,
    "a pattern": b"U".__mul__,
    "lines": b"overwritten\n".__mul__,
}


def overwrite(path: Path, fill: str, beyond: int = 0) -> None:
    """Write over all of a file without making it shorter."""
    with path.open("r+b") as file:
        size = path.stat().st_size + beyond
        file.write(FILLS[fill](size)[:size])
        file.flush()
        os.fsync(file.fileno())


class TestOverwritten:
    @pytest.mark.parametrize("beyond", [0, 3000])
    @pytest.mark.parametrize("fill", FILLS)
    def test_after_it_was_read(self, hazard: Hazard, fill: str, beyond: int) -> None:
        """Nothing of it is the job's, however often the log is rotated before it is gone."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()
        hazard.caught_up()
        rotate(hazard.log, create=True)
        hazard.write(hazard.log, run.on())
        hazard.caught_up()

        overwrite(hazard.log.with_name("train.log.1"), fill, beyond)
        hazard.rounds()
        rotate(hazard.log, create=True)
        hazard.write(hazard.log, run.nan())
        hazard.caught_up()
        hazard.log.with_name("train.log.2").unlink()
        rotate(hazard.log, create=True)
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    @pytest.mark.parametrize("copies", [False, True])
    def test_shred(self, hazard: Hazard, copies: bool) -> None:
        """The program itself, while the log is rotated and written."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        for number in range(12):
            if copies:
                old = hazard.log.with_name(f"train.log-{20261101 + number}")
                copytruncate(hazard.log, old.name)
            else:
                old = rotate(hazard.log, create=True)
            hazard.write(hazard.log, run.on(1))
            hazard.caught_up()
            program = subprocess.Popen(["shred", "-u", "-n", str(2 + number), old])
            hazard.write(hazard.log, LAST * number)
            assert program.wait() == 0
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_and_a_restart(self, hazard: Hazard) -> None:
        """What was overwritten with lines is known by them to the next process."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()
        rotate(hazard.log, create=True)
        hazard.write(hazard.log, run.on())
        hazard.caught_up()
        overwrite(hazard.log.with_name("train.log.1"), "lines")
        hazard.rounds()
        hazard.write(hazard.log, run.on())

        hazard.kill()
        hazard.start()
        rotate(hazard.log, create=True)
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    @pytest.mark.parametrize("fill", ["random", "zeros", "a pattern"])
    def test_while_stopped(self, hazard: Hazard, fill: str) -> None:
        """The file that was known is another one by its content; a log it is not."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()
        rotate(hazard.log, create=True)
        hazard.write(hazard.log, run.on())

        with hazard.down():
            overwrite(hazard.log.with_name("train.log.1"), fill)
        hazard.rounds()
        rotate(hazard.log, create=True)
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)
