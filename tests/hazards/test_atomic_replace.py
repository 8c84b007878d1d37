"""Another file is renamed over the log, as rsync and editors do."""

from __future__ import annotations

import shutil

from tests.hazards.harness import NAN, NAN_ENDED, Hazard
from tests.hazards.writer import Training, lines


class TestAtomicReplace:
    def test_a_longer_version(self, hazard: Hazard) -> None:
        """The same content and more of it: only what is new is read."""
        run = Training()
        data = run.begin()
        hazard.write(hazard.log, data)
        hazard.start()

        for more in (run.on(), run.on(), run.nan()):
            data += more
            hazard.written += lines(more)
            hazard.replace(hazard.log, data)
            hazard.caught_up()

        hazard.expect(NAN)

    def test_a_longer_version_while_stopped(self, hazard: Hazard) -> None:
        """A mirror was updated while no daemon ran; what was told is not told again."""
        run = Training()
        data = run.begin() + run.nan()
        hazard.write(hazard.log, data)
        hazard.start()

        with hazard.down():
            more = run.nan()
            hazard.written += lines(more)
            hazard.replace(hazard.log, data + more)

        hazard.expect(NAN)

    def test_moved_aside_and_copied_back_while_stopped(self, hazard: Hazard) -> None:
        """The very file is there under another name: the log is its copy, and goes on in that."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.down():
            hazard.write(hazard.log, run.on())
            aside = hazard.log.rename(hazard.folder / "aside")
            shutil.copy(aside, hazard.log)
        hazard.caught_up()
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_the_same_content(self, hazard: Hazard) -> None:
        """A copy without a new line brings none."""
        run = Training()
        data = run.begin()
        hazard.write(hazard.log, data)
        hazard.start()

        hazard.replace(hazard.log, data)
        hazard.rounds()
        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_other_content(self, hazard: Hazard) -> None:
        """A new run was put in place as a whole: all of it is read, and it ends the old alert."""
        run, other = Training(), Training(1)
        hazard.write(hazard.log, run.begin() + run.nan())
        hazard.start()
        data = other.begin(6) + other.nan()

        hazard.written += lines(data)
        hazard.replace(hazard.log, data)

        hazard.expect(NAN, NAN, NAN_ENDED)

    def test_unread_lines_of_the_file_replaced(self, hazard: Hazard) -> None:
        """They are read through the descriptor that the daemon holds."""
        run, other = Training(), Training(1)
        hazard.write(hazard.log, run.begin())
        hazard.start()
        data = other.begin()

        with hazard.paused():
            hazard.write(hazard.log, run.nan())
            hazard.replace(hazard.log, data)
            hazard.written += lines(data)

        hazard.expect(NAN, NAN_ENDED)
