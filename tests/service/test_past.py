from __future__ import annotations

import threading
from pathlib import Path

import pytest

from caffewatch.service.past import Pasts
from caffewatch.web.sight import Past
from tests.logs import CaffeLog
from tests.patience import PATIENCE
from tests.service.harness import Followed
from tests.tail.harness import append


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caffewatch.service.past.PATIENCE", PATIENCE)


class Asker(threading.Thread):
    """Another thread that asks for a history."""

    def __init__(self, pasts: Pasts, key: tuple[str, str]) -> None:
        super().__init__()
        self.got: Past | None = None
        self._pasts, self._key = pasts, key

    def run(self) -> None:
        """Ask."""
        self.got = self._pasts.get(self._key, None)


def asked(followed: Followed, key: tuple[str, str] | None = None) -> Past | None:
    """Ask for a log's history in another thread, and answer in this one."""
    waiting = threading.Event()
    pasts = Pasts(waiting.set)
    asker = Asker(pasts, key or followed.log.key)
    asker.start()
    assert waiting.wait(PATIENCE)
    pasts.answer([followed.log])
    asker.join(PATIENCE)
    followed.log.follower.close()
    return asker.got


class TestPasts:
    def test_another_thread_gets_a_history(self, tmp_path: Path, healthy: CaffeLog) -> None:
        """It is drawn by the owner, with the last block explained."""
        followed = Followed(tmp_path / "train.log")
        append(followed.path, healthy.data)
        followed.look()

        past = asked(followed)

        assert past is not None
        assert past.history.runs[0].series[0].curve.buckets()
        assert past.block is not None
        assert past.block.lines

    def test_runs_of_files_before(self, tmp_path: Path, healthy: CaffeLog) -> None:
        """A log that each run writes anew has the runs before as well, oldest first."""
        followed = Followed(tmp_path / "train.log")
        ids = []
        for number in range(3):
            log = CaffeLog.started(random_seed=number)
            log.displays(range(0, 10 * number + 20, 10))
            followed.path.unlink(missing_ok=True)
            append(followed.path, log.data.replace(b"28274", b"%d" % (28274 + number)))
            followed.look()
            ids.append(followed.log.shown[-1].runs[-1].run.id)

        past = asked(followed)

        assert past is not None
        assert [x.id for x in past.history.runs] == ids
        assert [x.iteration for x in past.history.runs] == [10, 20, 30]
        assert past.history.keys == [*ids[:2], "1"]

    def test_a_log_that_has_said_nothing(self, tmp_path: Path) -> None:
        """It has no past, nor has one that is not followed."""
        followed = Followed(tmp_path / "train.log")
        followed.look()

        assert asked(followed) is None
        assert asked(followed, ("other", "/x")) is None

    def test_nobody_answers(
        self, tmp_path: Path, healthy: CaffeLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The last one is shown while the owner is busy; the same version asks nobody."""
        monkeypatch.setattr("caffewatch.service.past.PATIENCE", 0.01)
        followed = Followed(tmp_path / "train.log")
        append(followed.path, healthy.data)
        followed.look()
        calls: list[int] = []
        pasts = Pasts(lambda: calls.append(1))
        assert pasts.get(followed.log.key, "x") is None
        pasts.answer([followed.log])
        followed.log.follower.close()

        old = pasts.get(followed.log.key, "newer")
        assert old is not None
        again = pasts.get(followed.log.key, old.history.version)

        assert again is old
        assert len(calls) == 2

    def test_a_history_that_cannot_be_drawn(
        self, tmp_path: Path, healthy: CaffeLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is missing, and the loop goes on."""
        followed = Followed(tmp_path / "train.log")
        append(followed.path, healthy.data)
        followed.look()
        monkeypatch.setattr("caffewatch.monitor.Monitor.history", lambda _: 1 // 0)

        assert asked(followed) is None

    def test_a_block_that_cannot_be_explained(
        self, tmp_path: Path, healthy: CaffeLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The curves are there without it."""
        followed = Followed(tmp_path / "train.log")
        append(followed.path, healthy.data)
        followed.look()
        monkeypatch.setattr("caffewatch.service.past.explain", lambda _: 1 // 0)

        past = asked(followed)

        assert past is not None
        assert (past.block, len(past.history.runs)) == (None, 1)
