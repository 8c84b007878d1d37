"""An inode that is used again: a new file that looks by its number like one that was known."""

from __future__ import annotations

import os
from pathlib import Path

from tests.hazards.harness import NAN, NAN_ENDED, Hazard
from tests.hazards.writer import Training, rotate


def delete(path: Path) -> Path:
    """Delete a file for all that its log's folder shows; return where its inode is kept.

    One that is really free may be given to any other process.
    """
    os.truncate(path, 0)
    return path.rename(path.parent.with_name("free"))


def take(path: Path, inode: Path) -> None:
    """Make an empty file that has an inode which was kept."""
    inode.rename(path)


class TestInodeReuse:
    def test_of_the_log(self, hazard: Hazard) -> None:
        """The log was deleted while no daemon ran, and the next run's file has its inode."""
        hazard.write(hazard.log, Training().begin())
        hazard.start()
        other = Training(1)

        with hazard.down():
            inode = delete(hazard.log)
            take(hazard.log, inode)
            hazard.write(hazard.log, other.begin(6) + other.nan())

        hazard.expect(NAN)

    def test_of_the_log_for_a_shorter_file(self, hazard: Hazard) -> None:
        """The same with fewer bytes than had been read."""
        run, other = Training(), Training(1)
        hazard.write(hazard.log, run.begin(6) + run.nan())
        hazard.start()

        with hazard.down():
            inode = delete(hazard.log)
            take(hazard.log, inode)
            hazard.write(hazard.log, other.begin(1))

        hazard.expect(NAN, NAN_ENDED)

    def test_of_a_rotated_file(self, hazard: Hazard) -> None:
        """The oldest rotation is deleted and the new log gets its inode, as logrotate does it."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()
        oldest = rotate(hazard.log, create=True)
        hazard.write(hazard.log, run.on())

        with hazard.down():
            inode = delete(oldest)
            rotate(hazard.log)
            take(hazard.log, inode)
            hazard.write(hazard.log, run.on(6) + run.nan())

        hazard.expect(NAN)

    def test_of_a_file_that_was_beside_the_log(self, hazard: Hazard) -> None:
        """Its number does not make the log's next rotation one of those that are not read."""
        run = Training()
        beside = hazard.folder / "train.log.1"
        beside.write_bytes(Training(9).begin())
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.paused():
            inode = delete(beside)
            rotate(hazard.log)
            take(hazard.log, inode)
            hazard.write(hazard.log, run.on(6))
            rotate(hazard.log)
            hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)

    def test_by_a_hole(self, hazard: Hazard) -> None:
        """A file of the same inode and size that holds nothing but zeros is not the log."""
        data = Training().begin()
        hazard.write(hazard.log, data)
        hazard.start()
        other = Training(1)

        with hazard.down():
            inode = delete(hazard.log)
            take(hazard.log, inode)
            os.truncate(hazard.log, len(data))
            hazard.write(hazard.log, b"\n" + other.begin() + other.nan())

        hazard.expect(NAN)
