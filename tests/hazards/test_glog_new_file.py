"""glog begins a new file at 1.8 GB, in the midst of a run: no set-up lines, the link moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training

HEADER = b"""Log file created at: 2026/11/23 09:%02d:45
Running on machine: gpu-07
Log line format: [IWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg
"""


def file(hazard: Hazard, minute: int) -> Path:
    """Name a file as glog does."""
    return hazard.folder / f"caffe.gpu-07.ann.log.INFO.20261123-09{minute:02}45.12345"


def link_to(hazard: Hazard, minute: int) -> Path:
    """Lead the link to a file."""
    link = hazard.folder / "caffe.INFO"
    link.unlink(missing_ok=True)
    link.symlink_to(file(hazard, minute).name)
    return link


def begin(hazard: Hazard) -> Training:
    """Write the first file."""
    run = Training()
    hazard.write(file(hazard, 10), HEADER % 10 + run.begin())
    return run


class TestByLink:
    @pytest.mark.parametrize("path", ["caffe.INFO", ""])
    def test_the_run_goes_on(self, hazard: Hazard, path: str) -> None:
        """Through two more files, by the link or by its folder; the nan is the one run's."""
        hazard.configure(path)
        run = begin(hazard)
        link = link_to(hazard, 10)
        hazard.start()

        for minute in (20, 30):
            hazard.write(file(hazard, minute), HEADER % minute + run.on())
            link_to(hazard, minute)
            hazard.caught_up()
        hazard.write(file(hazard, 30), run.nan())

        hazard.expect(NAN, last=link)
        assert hazard.metric("caffe_run_info", net="mlp", log=str(link)) == 1

    def test_told_once_for_the_run(self, hazard: Hazard) -> None:
        """A nan that goes on in the next file is the same alert; also after a restart."""
        hazard.configure("caffe.INFO")
        run = begin(hazard)
        link = link_to(hazard, 10)
        hazard.write(link, run.nan())
        hazard.start()

        hazard.write(file(hazard, 20), HEADER % 20 + run.nan())
        link_to(hazard, 20)
        hazard.caught_up()
        with hazard.down():
            hazard.write(file(hazard, 20), run.nan())

        hazard.expect(NAN, last=link)


@pytest.mark.parametrize("path", ["caffe.*.log.INFO.*", ""])
class TestWithoutLink:
    def test_the_run_goes_on(self, hazard: Hazard, path: str) -> None:
        """A nan in the second file is told, with the net of the run that it belongs to."""
        hazard.configure(path)
        run = begin(hazard)
        hazard.start()

        hazard.write(file(hazard, 20), HEADER % 20 + run.on())
        hazard.caught_up()
        hazard.write(file(hazard, 20), run.nan())

        hazard.expect(NAN, last=file(hazard, 20))
        assert hazard.metric("caffe_run_info", net="mlp") == 1
        assert hazard.metric("caffe_run_info", net="") is None

    def test_seen_empty(self, hazard: Hazard, path: str) -> None:
        """A file is made some time before glog writes to it; the run goes on in it all the same."""
        hazard.configure(path)
        run = begin(hazard)
        hazard.start()

        file(hazard, 20).touch()
        hazard.rounds()
        hazard.write(file(hazard, 20), HEADER % 20 + run.on())
        hazard.caught_up()
        hazard.write(file(hazard, 20), run.nan())

        hazard.expect(NAN, last=file(hazard, 20))
        assert hazard.metric("caffe_run_info", net="mlp") == 1
        assert hazard.metric("caffe_run_info", net="") is None

    def test_told_once_for_the_run(self, hazard: Hazard, path: str) -> None:
        """A nan that goes on in the next file is not told again."""
        hazard.configure(path)
        run = begin(hazard)
        hazard.write(file(hazard, 10), run.nan())
        hazard.start()

        hazard.write(file(hazard, 20), HEADER % 20 + run.nan())

        hazard.expect(NAN, last=file(hazard, 20))

    def test_another_process(self, hazard: Hazard, path: str) -> None:
        """A file of another process is another run, and its nan another alert."""
        hazard.configure(path)
        run, other = begin(hazard), Training(1)
        hazard.write(file(hazard, 10), run.nan())
        hazard.start()
        second = hazard.folder / "caffe.gpu-07.ann.log.INFO.20261123-092045.12346"

        hazard.write(second, HEADER % 20 + other.begin() + other.nan())

        hazard.expect_firing(NAN, NAN, last=second)
