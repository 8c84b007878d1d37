"""Permission is taken away, and given back: nothing is lost, and it is said."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training, rotate


@pytest.fixture
def run(hazard: Hazard, program: Callable[[str, str], str]) -> Training:
    """Run the daemon so that permissions hold for it, for root as well."""
    if os.geteuid() == 0:
        setpriv = program("setpriv", "util-linux")
        hazard.daemon.prefix = [setpriv, "--bounding-set=-dac_override,-dac_read_search"]
    hazard.configure(poll="500ms")
    run = Training()
    hazard.write(hazard.log, run.begin())
    return run


class TestPermission:
    def test_while_followed(self, hazard: Hazard, run: Training) -> None:
        """An open file is read on, whatever its mode; afterwards it is as it was."""
        hazard.start()

        with hazard.log.open("ab", buffering=0) as tee:
            hazard.log.chmod(0)
            hazard.write(tee, run.on())
            hazard.caught_up()
            hazard.log.chmod(0o644)
            hazard.write(tee, run.nan())

        hazard.expect(NAN)

    def test_while_stopped(self, hazard: Hazard, run: Training) -> None:
        """A daemon that begins without permission goes on where the one before stopped."""
        hazard.start()

        with hazard.log.open("ab", buffering=0) as tee:
            with hazard.down():
                hazard.log.chmod(0)
                hazard.write(tee, run.on())
            hazard.daemon.await_text("Permission denied")
            assert hazard.daemon.metric("caffewatch_errors_total", where="tail") == 1
            hazard.log.chmod(0o644)
            hazard.write(tee, run.nan())

        hazard.expect(NAN)

    def test_of_the_next_file(self, hazard: Hazard, run: Training) -> None:
        """The new file cannot be read at first; the old one's late lines are read meanwhile."""
        hazard.start()

        with hazard.log.open("ab", buffering=0) as tee:
            rotate(hazard.log)
            with open(hazard.log, "ab", buffering=0, opener=_closed_to_others) as new:
                hazard.write(tee, run.on())
                hazard.caught_up()
                new.write(data := run.on())
            hazard.rounds()
        hazard.log.chmod(0o644)
        hazard.written += data.count(b"\n")
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_of_the_folder(self, hazard: Hazard, run: Training) -> None:
        """Nothing in the folder can be looked at for a while; a rotation happens in it."""
        hazard.start()

        with hazard.log.open("ab", buffering=0) as tee:
            with hazard.paused():
                hazard.write(tee, run.on())
                rotate(hazard.log, create=True)
                hazard.write(hazard.log, run.on())
                hazard.folder.chmod(0)
            hazard.daemon.await_text("Permission denied")
            hazard.folder.chmod(0o755)
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_from_the_beginning(self, hazard: Hazard, run: Training) -> None:
        """A log that cannot be read at the very first start is read once it can."""
        hazard.log.chmod(0)
        hazard.daemon.start()
        hazard.daemon.await_text("Permission denied")

        hazard.log.chmod(0o644)

        hazard.caught_up()
        hazard.write(hazard.log, run.nan())
        hazard.expect(NAN)


def _closed_to_others(path: str, flags: int) -> int:
    """Create a file that nobody else could have opened before its permission was taken away."""
    return os.open(path, flags, 0)
