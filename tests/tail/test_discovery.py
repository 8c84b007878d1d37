"""From a job's path to its logs."""

from pathlib import Path

import pytest

from caffewatch.tail.discovery import discover


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder of logs and of what looks like them."""
    names = (
        "a.log", "a.log.1", "a.log-20261123", "a.log.2.gz", "b.log", "train_log.txt",
        "synset_words.txt", "net.prototxt", "caffe.gpu.ann.log.INFO.20261123-071445.77",
        "caffe.gpu.ann.log.ERROR.20261123-071445.77",
    )  # fmt: skip
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "old.log").mkdir()
    return tmp_path


def names(paths: list[str]) -> list[str]:
    """Return the last part of each path."""
    return [Path(x).name for x in paths]


class TestDiscover:
    def test_a_file_is_itself_even_while_missing(self, tmp_path: Path) -> None:
        """A path without wildcards is followed whatever is there."""
        path = str(tmp_path / "train.log")

        assert discover(path) == [path]

    def test_a_folder_means_what_looks_like_a_log(self, folder: Path) -> None:
        """Rotations, compressed files, glog's excerpts and other texts are left out."""
        found = names(discover(str(folder)))

        assert found == [
            "a.log", "b.log", "caffe.gpu.ann.log.INFO.20261123-071445.77", "train_log.txt",
        ]  # fmt: skip

    def test_a_glob_means_its_matches(self, folder: Path) -> None:
        """Whatever matches is a log, save the rotations of another match."""
        assert names(discover(str(folder / "a.log*"))) == ["a.log"]

    def test_a_rotation_asked_for_alone_is_a_log(self, folder: Path) -> None:
        """Without the log that it was rotated from, a file stands for itself."""
        assert names(discover(str(folder / "*.log.1"))) == ["a.log.1"]

    def test_a_link_wins_over_its_target(self, folder: Path) -> None:
        """One file reached by two paths counts once, by its link."""
        (folder / "z.log").symlink_to("b.log")

        assert names(discover(str(folder / "?.log"))) == ["a.log", "z.log"]

    def test_a_dangling_link_matched_by_a_glob_is_no_log(self, folder: Path) -> None:
        """A link to nothing is not followed until it leads somewhere."""
        (folder / "0.log").symlink_to("nothing")

        assert names(discover(str(folder / "?.log"))) == ["a.log", "b.log"]

    def test_a_rotation_of_a_followed_log_is_no_log(self, folder: Path) -> None:
        """Nor is one whose log is not there just now."""
        known = str(folder / "a.log")
        (folder / "a.log").unlink()

        assert names(discover(str(folder / "a*"), [known])) == []

    def test_a_name_with_brackets_is_a_name(self, tmp_path: Path) -> None:
        """A file that is there under a name with wildcards in it is meant literally."""
        path = tmp_path / "run[1].log"
        path.touch()

        assert discover(str(path)) == [str(path)]

    def test_two_stars_mean_any_depth(self, folder: Path) -> None:
        """Folders below are searched when asked for."""
        (folder / "old.log" / "c.log").touch()

        assert names(discover(str(folder / "**" / "c.log"))) == ["c.log"]
