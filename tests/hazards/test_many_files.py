"""Thousands of files in the log's folder."""

from __future__ import annotations

from collections.abc import Callable

from tests.hazards.harness import LAST, NAN, Hazard
from tests.hazards.writer import Training, rotate


class TestManyFiles:
    def test_of_other_names(self, hazard: Hazard) -> None:
        """Three thousand strangers do not hide the log, nor its rotations."""
        for number in range(3000):
            (hazard.folder / f"event{number}.txt").write_bytes(LAST)
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            for _ in range(2):
                rotate(hazard.log, create=True)
                hazard.write(hazard.log, run.on())
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_of_the_logs_name(self, hazard: Hazard) -> None:
        """Two thousand old rotations are not read; those that come now are."""
        for number in range(2000):
            (hazard.folder / f"train.log.{number + 1}").write_bytes(LAST)
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            for day in (21, 22):
                hazard.log.rename(hazard.folder / f"train.log-202611{day}")
                hazard.write(hazard.log, run.on())
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_each_a_log(self, hazard: Hazard) -> None:
        """Three hundred logs match the glob; every line of each is counted, the one nan told."""
        hazard.configure("*.log", poll="500ms")
        for number in range(300):
            hazard.write(hazard.folder / f"{number}.log", LAST)
        hazard.daemon.start()
        hazard.caught_up()
        run = Training()

        hazard.write(hazard.folder / "150.log", run.begin() + run.nan())

        hazard.expect(NAN, last=hazard.folder / "299.log")

    def test_more_than_descriptors(
        self, hazard: Hazard, program: Callable[[str, str], str]
    ) -> None:
        """Three hundred logs with 128 descriptors: logs that are closed are still looked at."""
        hazard.daemon.prefix = [program("prlimit", "util-linux"), "--nofile=128:128"]
        hazard.configure("*.log", poll="500ms")
        for number in range(300):
            hazard.write(hazard.folder / f"{number}.log", LAST)
        hazard.daemon.start()
        hazard.caught_up()

        for number in range(300):
            hazard.write(hazard.folder / f"{number}.log", LAST)

        hazard.caught_up()
        hazard.expect()
