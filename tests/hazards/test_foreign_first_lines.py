"""A new file whose first lines are not Caffe's: they count like any others, at once."""

from __future__ import annotations

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training, rotate


class TestForeignFirstLines:
    def test_in_a_rotated_log(self, hazard: Hazard) -> None:
        """The next file begins with a word of the shell, and nothing follows for long."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        rotate(hazard.log, create=True)
        hazard.write(hazard.log, b"resuming on gpu-07\n")

        hazard.caught_up()
        hazard.write(hazard.log, run.nan())
        hazard.expect(NAN)

    def test_followed_by_the_run(self, hazard: Hazard) -> None:
        """Foreign lines, then the old run's nan: the lines count, the nan is the old run's."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        rotate(hazard.log, create=True)
        hazard.write(hazard.log, b"resuming on gpu-07\n\n" + run.on())
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_killed_while_it_is_open(self, hazard: Hazard) -> None:
        """A daemon killed right after such a line counts it in its next process at the latest."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()
        rotate(hazard.log, create=True)
        hazard.caught_up()

        with hazard.down():
            hazard.write(hazard.log, b"resuming on gpu-07\n" + run.on())
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_in_the_first_log(self, hazard: Hazard) -> None:
        """The very first file begins with a banner, and nothing else is there for long."""
        run = Training()
        hazard.write(hazard.log, b"Mon Nov 23 07:14:45 UTC 2026\n")
        hazard.start()

        hazard.write(hazard.log, run.begin() + run.nan())

        hazard.expect(NAN)
