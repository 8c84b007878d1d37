"""A link that moves to a new file with each run, as glog's PROG.INFO does."""

from __future__ import annotations

import os
from pathlib import Path

from tests.hazards.harness import NAN, NAN_ENDED, Hazard
from tests.hazards.writer import Training

LINK = "caffe.INFO"


def target(hazard: Hazard, number: int) -> Path:
    """Name a file as glog does."""
    return hazard.folder / f"caffe.gpu-07.ann.log.INFO.20261123-07144{number}.1234{number}"


def swap(hazard: Hazard, number: int) -> Path:
    """Lead the link to another file, as glog does: the old link is removed first."""
    link = hazard.folder / LINK
    link.unlink(missing_ok=True)
    link.symlink_to(target(hazard, number).name)
    return link


class TestSymlinkSwap:
    def test_the_next_run(self, hazard: Hazard) -> None:
        """Its nan is told under the link's name; the old run's alert ends."""
        old, new = Training(), Training(1)
        hazard.configure(LINK)
        hazard.write(target(hazard, 0), old.begin() + old.nan())
        link = swap(hazard, 0)
        hazard.start()

        hazard.write(target(hazard, 1), new.begin())
        swap(hazard, 1)
        hazard.caught_up()
        hazard.write(target(hazard, 1), new.nan())

        hazard.expect(NAN, NAN_ENDED, NAN, last=link)
        assert {x["labels"]["log"] for x in hazard.alerts()} == {str(link)}

    def test_late_lines_of_the_old_target(self, hazard: Hazard) -> None:
        """They are the old run's, whatever the new one says meanwhile."""
        old, new = Training(), Training(1)
        hazard.configure(LINK)
        hazard.write(target(hazard, 0), old.begin())
        link = swap(hazard, 0)
        hazard.start()
        hazard.write(target(hazard, 1), new.begin())
        swap(hazard, 1)
        hazard.caught_up()

        hazard.write(target(hazard, 0), old.on())
        hazard.write(target(hazard, 1), new.on())
        hazard.write(target(hazard, 0), old.nan())

        hazard.expect_firing(NAN, last=link)
        assert hazard.metric("caffe_non_finite_values") == 0

    def test_several_swaps_between_two_looks(self, hazard: Hazard) -> None:
        """The unread end of the old target is read, and the newest target."""
        old, new = Training(), Training(2)
        hazard.configure(LINK)
        hazard.write(target(hazard, 0), old.begin())
        link = swap(hazard, 0)
        hazard.start()

        with hazard.paused():
            hazard.write(target(hazard, 0), old.nan())
            swap(hazard, 1)
            hazard.write(target(hazard, 2), new.begin())
            swap(hazard, 2)

        hazard.expect(NAN, NAN_ENDED, last=link)

    def test_while_stopped(self, hazard: Hazard) -> None:
        """A daemon that begins later still reads the end of the old target first."""
        old, new = Training(), Training(1)
        hazard.configure(LINK)
        hazard.write(target(hazard, 0), old.begin())
        link = swap(hazard, 0)
        hazard.start()

        with hazard.down():
            hazard.write(target(hazard, 0), old.nan())
            hazard.write(target(hazard, 1), new.begin() + new.nan())
            swap(hazard, 1)

        hazard.expect(NAN, NAN_ENDED, NAN, last=link)

    def test_a_target_elsewhere(self, hazard: Hazard, tmp_path: Path) -> None:
        """The files lie in a folder that the link alone leads to; so does the next one."""
        old, new = Training(), Training(1)
        hazard.configure(LINK)
        link = hazard.folder / LINK
        (tmp_path / "scratch").mkdir()
        (tmp_path / "more").mkdir()
        hazard.write(tmp_path / "scratch" / "a", old.begin())
        link.symlink_to(tmp_path / "scratch" / "a")
        hazard.start()

        hazard.write(tmp_path / "more" / "b", new.begin())
        (hazard.folder / "swap").symlink_to(tmp_path / "more" / "b")
        os.replace(hazard.folder / "swap", link)
        hazard.caught_up()
        hazard.write(tmp_path / "more" / "b", new.on())
        hazard.caught_up()
        hazard.write(tmp_path / "scratch" / "a", old.nan())
        hazard.write(tmp_path / "more" / "b", new.nan())

        hazard.expect_firing(NAN, NAN, last=link)
