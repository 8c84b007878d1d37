"""What a restart need not read again."""

from __future__ import annotations

import os
import pickle
import zlib
from pathlib import Path

import pytest

from caffewatch.monitor import Monitor
from caffewatch.service import core
from caffewatch.service.core import Core, CoreError, dump, load
from tests.logs import CaffeLog
from tests.service.harness import Followed
from tests.service.process import OtherRun
from tests.tail.harness import append

NAN = {"data": "nan"}


@pytest.fixture
def monitor(healthy: CaffeLog) -> Monitor:
    """Return a monitor in the midst of a run."""
    monitor = Monitor()
    monitor.feed(healthy.data, 0.0)
    return monitor


class TestDump:
    def test_comes_back_as_it_was(self, monitor: Monitor, healthy: CaffeLog) -> None:
        """Offsets, monitors and what is untold; one monitor of two streams stays one."""
        data = dump(Core({1: 5, 2: 7}, {1: monitor, 2: monitor}, monitor, {"a"}), "rules")

        again = load(data, "rules")

        assert (again.offsets, again.untold) == ({1: 5, 2: 7}, {"a"})
        assert again.monitors[1] is again.monitors[2] is again.latest
        assert again.latest.snapshot() == monitor.snapshot()

    def test_is_good_only_for_the_same_purpose(self, monitor: Monitor) -> None:
        """Other rules would have come to other findings."""
        data = dump(Core({}, {1: monitor}, monitor, set()), "rules")

        with pytest.raises(CoreError, match="other settings"):
            load(data, "other rules")

    @pytest.mark.parametrize("cut", [0, 10, 17, 200])
    def test_damage_is_told(self, monitor: Monitor, cut: int) -> None:
        """However much of it is there."""
        data = dump(Core({}, {1: monitor}, monitor, set()), "rules")

        with pytest.raises(CoreError):
            load(data[:cut], "rules")

    @pytest.mark.parametrize("evil", [os.system, eval, core.load, Path])
    def test_makes_nothing_but_our_own_classes(self, evil: object) -> None:
        """A pickle of anything else is refused, not run."""
        stamp = dump(Core({}, {}, Monitor(), set()), "rules")[:16]
        data = stamp + zlib.compress(pickle.dumps((evil, {}, None, set())))

        with pytest.raises(CoreError, match="no part of a core"):
            load(data, "rules")


class TestFollowedLog:
    def test_goes_on_from_its_core(self, tmp_path: Path, healthy: CaffeLog) -> None:
        """Only what came after it is read again; the run is the same, and nobody is told twice."""
        followed = Followed(tmp_path / "train.log")
        append(followed.path, healthy.data)
        followed.look()
        followed.keep_core()
        before = len(healthy.data)
        healthy.display(100, NAN)
        append(followed.path, healthy.data[before:])
        (alert,) = followed.look()

        followed.restart()
        assert followed.look() == []

        assert followed.log.unsaved_bytes == len(healthy.data) - before
        assert followed.lines == 0
        assert [x.fingerprint for x in followed.log.firing()] == [alert.fingerprint]
        assert followed.log.firing()[0].starts_at == alert.starts_at
        append(followed.path, OtherRun.started().data)
        (resolved,) = followed.look()
        assert (resolved.fingerprint, resolved.state) == (alert.fingerprint, "resolved")

    def test_what_was_undecided_is_told(self, tmp_path: Path, healthy: CaffeLog) -> None:
        """A block whose end had not come when the core was saved is judged when it comes."""
        followed = Followed(tmp_path / "train.log")
        before = len(healthy.data)
        healthy.display(100, NAN)
        cut = healthy.data.index(b"\n", before + 200) + 1
        append(followed.path, healthy.data[:cut])
        followed.look()
        followed.keep_core()
        followed.restart()
        followed.look()

        append(followed.path, healthy.data[cut:])
        followed.look()

        assert followed.told == [("non_finite", "data", "firing")]
        assert followed.lines == healthy.data[cut:].count(b"\n")

    def test_every_cut_with_and_without_cores(self, tmp_path: Path, healthy: CaffeLog) -> None:
        """Restarted between any two pieces, cores or not, all is told and counted once."""
        healthy.display(100, NAN)
        second = OtherRun.started()
        second.display(0, {"ip1": "inf"})
        data = healthy.data + second.data
        for keep_every in (1, 2, 3):
            followed, lines = Followed(tmp_path / f"{keep_every}.log"), 0
            for number, start in enumerate(range(0, len(data), 3001)):
                append(followed.path, data[start : start + 3001])
                followed.look()
                lines += followed.lines
                if number % keep_every == 0:
                    followed.keep_core()
                followed.restart()
                followed.look()
            followed.log.follower.close()

            assert [x[0::2] for x in followed.told] == [
                ("non_finite", "firing"), ("non_finite", "resolved"), ("non_finite", "firing"),
            ]  # fmt: skip
            assert lines == data.count(b"\n")

    def test_none_in_the_middle_of_a_line(self, tmp_path: Path, healthy: CaffeLog) -> None:
        """What is saved begins with a whole line."""
        followed = Followed(tmp_path / "train.log")
        append(followed.path, healthy.data + b"I1123")
        followed.look()

        assert followed.log.core() is None

    def test_what_a_restart_does_not_find_again_resolves(
        self, tmp_path: Path, healthy: CaffeLog
    ) -> None:
        """Its log has been replaced while nobody looked: the alert must not fire for ever."""
        healthy.display(100, NAN)
        followed = Followed(tmp_path / "train.log")
        append(followed.path, healthy.data)
        (alert,) = followed.look()
        followed.path.unlink()
        append(followed.path, OtherRun.started().data)

        followed.restart()
        (resolved,) = followed.look()

        assert (resolved.fingerprint, resolved.state) == (alert.fingerprint, "resolved")
