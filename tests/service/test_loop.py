from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from caffewatch.service import loop
from caffewatch.service.followed import FollowedLog
from caffewatch.service.ledger import FORGET_EVERY, KEEP, RETRY_EVERY, TEND_EVERY
from caffewatch.service.loop import DISCOVER_EVERY, SURVEY_EVERY, Loop
from caffewatch.service.mail import Mailroom
from caffewatch.service.past import Pasts
from caffewatch.service.published import Published
from caffewatch.service.roster import Roster
from caffewatch.service.taken import Taken
from caffewatch.store.errors import StoreError
from caffewatch.store.store import Store
from tests.logs import CaffeLog
from tests.service.harness import NOW, job, settings
from tests.store.faults import FULL, failing_disk
from tests.tail.harness import append

Eventually = Callable[..., None]
POLL = 30.0


def refuse(*_: object) -> None:
    """Take nothing."""
    raise StoreError("no such letter")


class Stage:
    """A loop over a folder's logs, with its store and what it shows."""

    def __init__(self, folder: Path, logs: str = "*.log") -> None:
        self.log = folder / "train.log"
        self.disk = failing_disk()
        self.store = Store(folder / "state", factory=self.disk)
        self.published = Published(blobs=False)
        self.pasts = Pasts(lambda: None)
        self.nudges = 0
        chosen = settings(folder, job(folder / logs))
        roster = Roster(chosen, self.store, None)
        self.loop = Loop(
            roster, self.store, Mailroom(chosen), self.published, self.pasts, self._nudge, POLL
        )  # fmt: skip

    def _nudge(self) -> None:
        self.nudges += 1

    @property
    def letters(self) -> int:
        """How many letters wait for the hook."""
        return self.store.outbox.queue_length("hook")

    def deliver(self, now: float) -> int:
        """Settle every letter; return how many notifications they were."""
        count = 0
        while claim := self.store.outbox.claim("hook", now + 60):
            self.store.outbox.delivered(claim.notification.id, now)
            count += 1
        return count

    @property
    def lines(self) -> list[int]:
        """Lines of every log that other threads can see."""
        return [x.stats.lines for x in self.published.pictures()]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Set up a loop; close what it opened."""
    built = Stage(tmp_path)
    yield built
    built.loop.close()
    built.store.close()


@pytest.fixture
def bad(healthy: CaffeLog) -> bytes:
    """Write a log with one finding."""
    healthy.display(100, {"data": "nan"})
    return healthy.data


class TestStep:
    def test_position_and_letter_are_saved_together(self, stage: Stage, bad: bytes) -> None:
        """The delivery is nudged once they are there."""
        append(stage.log, bad)

        stage.loop.step(NOW)

        assert stage.letters == stage.nudges == 1
        assert stage.store.position("mnist", str(stage.log)) is not None
        assert [x.rule for x in stage.store.firing()] == ["non_finite"]

    def test_it_says_when_more_is_due(self, stage: Stage, bad: bytes) -> None:
        """Discovery comes before the poll; at once when a look was cut short."""
        append(stage.log, bad)
        assert stage.loop.step(NOW) == DISCOVER_EVERY
        append(stage.log, b"x" * (1 << 20))
        assert stage.loop.step(NOW + 1, [str(stage.log)]) == 0.0

    def test_nothing_new_writes_nothing(self, stage: Stage, bad: bytes) -> None:
        """A poll of silent logs costs a look, not a commit or a picture."""
        append(stage.log, bad)
        stage.loop.step(NOW)
        stage.disk.failure = FULL

        stage.loop.step(NOW + POLL)

        assert stage.store.errors == 0

    def test_an_event_makes_its_log_due(self, stage: Stage, bad: bytes, healthy: CaffeLog) -> None:
        """Long before the poll."""
        append(stage.log, healthy.data.removesuffix(bad[-2000:]))
        stage.loop.step(NOW)
        append(stage.log, bad[-2000:])

        stage.loop.step(NOW + 0.5)
        assert stage.letters == 0
        stage.loop.step(NOW + 0.6, [str(stage.log)])

        assert stage.letters == 1

    def test_an_event_elsewhere_makes_everything_due(
        self, stage: Stage, bad: bytes, tmp_path: Path
    ) -> None:
        """A new log is found by the first event at it, and events do not make a storm."""
        stage.loop.step(NOW)
        append(stage.log, bad)
        stage.loop.step(NOW + 0.05, [str(tmp_path / "other.log")])
        assert stage.letters == 0

        stage.loop.step(NOW + SURVEY_EVERY)

        assert stage.letters == 1

    def test_a_log_that_comes_with_its_folder(self, tmp_path: Path, bad: bytes) -> None:
        """Nobody watches the folder as yet: folders are looked for again soon."""
        stage = Stage(tmp_path, "later/train.log")
        stage.loop.step(NOW)
        log = tmp_path / "later" / "train.log"
        log.parent.mkdir()
        append(log, bad)

        wait = stage.loop.step(NOW + 1, [str(log)])
        letters = stage.letters
        stage.loop.close()
        stage.store.close()

        assert letters == 1
        assert wait <= SURVEY_EVERY

    def test_pictures_are_shown_in_their_time(self, stage: Stage, bad: bytes) -> None:
        """Not for every line, but within half a second."""
        append(stage.log, bad)
        stage.loop.step(NOW)
        append(stage.log, b"more\n")
        wait = stage.loop.step(NOW + 0.01, [str(stage.log)])
        assert stage.lines == [bad.count(b"\n")]

        stage.loop.step(NOW + 0.01 + wait)

        assert wait < 0.5
        assert stage.lines == [bad.count(b"\n") + 1]


class TestFairness:
    def test_a_log_that_catches_up_delays_no_other(self, stage: Stage, bad: bytes) -> None:
        """Each gets a piece of the round, so that the nan is told in the first one."""
        append(stage.log.with_name("long.log"), b"foreign\n" * 1_000_000)
        append(stage.log, bad)

        wait = stage.loop.step(NOW)

        assert (stage.letters, wait) == (1, 0.0)
        assert sum(stage.lines) < 500_000

    def test_a_round_ends_in_time(
        self, stage: Stage, bad: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of many that catch up the next round begins with those that this one left out."""
        monkeypatch.setattr(loop, "ROUND_SIZE", 1)
        for name in "abcd":
            append(stage.log.with_name(f"{name}.log"), b"foreign\n" * 300_000)
        append(stage.log, bad)

        rounds = 0
        while not stage.letters:
            stage.loop.step(NOW + rounds)
            rounds += 1

        assert rounds == 5


class TestReminders:
    def test_what_still_fires_is_told_again(self, stage: Stage, bad: bytes) -> None:
        """Every four hours, each time once."""
        append(stage.log, bad)
        sent = []
        for seconds in (0, 4 * 3600 - 1, 4 * 3600 + 10, 4 * 3600 + 60, 8 * 3600 + 60):
            stage.loop.step(NOW + seconds)
            sent.append(stage.deliver(NOW + seconds))

        assert sent == [1, 0, 1, 0, 1]

    def test_not_while_a_letter_waits(self, stage: Stage, bad: bytes) -> None:
        """A receiver that is down does not find a pile when it is back."""
        append(stage.log, bad)
        stage.loop.step(NOW)
        stage.loop.step(NOW + 5 * 3600)

        assert stage.letters == 1

    def test_a_full_disk_does_not_matter(self, stage: Stage, bad: bytes) -> None:
        """It is told again once, whether that can be saved or not."""
        append(stage.log, bad)
        stage.loop.step(NOW)
        stage.deliver(NOW)
        stage.disk.failure = FULL
        stage.loop.step(NOW + 5 * 3600)
        sent = stage.deliver(NOW + 5 * 3600)
        stage.disk.failure = None
        stage.loop.step(NOW + 5 * 3600 + 10)

        assert (sent, stage.letters, stage.store.trouble) == (1, 0, None)


class TestFailures:
    def test_a_full_disk_delays_no_alert(self, stage: Stage, bad: bytes) -> None:
        """It goes out at once; the state is tried again soon, and then saved."""
        append(stage.log, bad)
        stage.loop.step(NOW)
        stage.disk.failure = FULL
        append(stage.log, bad.replace(b" 12345 ", b" 99 "))
        wait = stage.loop.step(NOW + 1, [str(stage.log)])
        assert wait <= RETRY_EVERY
        assert stage.deliver(NOW + 1) == 3

        stage.disk.failure = None
        stage.loop.step(NOW + 1 + wait)

        assert stage.store.trouble is None
        assert (stage.letters, len(stage.store.firing())) == (0, 1)

    def test_what_the_store_refuses(
        self, stage: Stage, bad: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An error of our own is counted, and does not hold up what comes after it."""
        monkeypatch.setattr(stage.store, "commit", refuse)
        append(stage.log, bad)
        stage.loop.step(NOW)
        monkeypatch.undo()
        append(stage.log, bad.replace(b" 12345 ", b" 99 "))

        stage.loop.step(NOW + 1, [str(stage.log)])

        assert stage.loop.errors["store"] == 1
        assert stage.deliver(NOW + 1) == 2

    def test_one_log_that_trips_it_up(
        self, stage: Stage, bad: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The others are watched on, and the error is counted."""
        append(stage.log, bad)
        append(tmp_path / "evil.log", bad)
        look = "caffewatch.service.followed.FollowedLog.look"

        def trip(log: FollowedLog, now: float, steady: float) -> Taken:
            if "evil" in log.origin.log:
                raise ValueError("a bug")
            return original(log, now, steady)

        original = FollowedLog.look
        monkeypatch.setattr(look, trip)
        stage.loop.step(NOW)

        assert stage.loop.errors["detect"] == 1
        assert stage.letters == 1

    def test_an_unreadable_log(self, stage: Stage) -> None:
        """A folder where the log should be counts once, not at every look."""
        stage.log.touch()
        stage.loop.step(NOW)
        stage.log.unlink()
        stage.log.mkdir()

        stage.loop.step(NOW + POLL)
        stage.loop.step(NOW + 2 * POLL)

        assert stage.loop.errors["tail"] == 1


class TestTending:
    def test_a_lost_file_is_written_anew(self, stage: Stage, bad: bytes) -> None:
        """Though the logs are silent."""
        append(stage.log, bad)
        stage.loop.step(NOW)
        (path,) = (stage.log.parent / "state").glob("*.sqlite")
        path.unlink()

        stage.loop.step(NOW + TEND_EVERY)

        assert path.exists()
        assert stage.store.trouble is None

    def test_revived_letters_are_sent(self, stage: Stage, bad: bytes) -> None:
        """The delivery is nudged when a command has queued some."""
        append(stage.log, bad)
        stage.loop.step(NOW)
        claim = stage.store.outbox.claim("hook", NOW)
        assert claim is not None
        stage.store.outbox.dead(claim.notification.id, "404", NOW)
        with Store(stage.log.parent / "state", exclusive=False) as command:
            command.outbox.revive(claim.notification.id)

        stage.loop.step(NOW + TEND_EVERY)

        assert (stage.nudges, stage.letters) == (2, 1)

    def test_what_is_over_is_forgotten_while_running(
        self, stage: Stage, bad: bytes, tmp_path: Path
    ) -> None:
        """Logs that are not there any more; one that is silent keeps its position."""
        append(stage.log, bad)
        stage.store.commit({("mnist", "gone.log"): "{}"})
        stage.loop.step(NOW)
        assert stage.store.position("mnist", "gone.log") == "{}"

        stage.loop.step(NOW + KEEP + FORGET_EVERY)

        assert stage.store.position("mnist", "gone.log") is None
        assert stage.store.position("mnist", str(stage.log)) is not None


class TestRun:
    def test_it_sleeps_until_woken_and_ends_when_told(
        self, stage: Stage, bad: bytes, eventually: Eventually
    ) -> None:
        """An event wakes it from a long sleep, with the time of the waking; so does `stop`."""
        times = iter(range(1000))
        steady = lambda: NOW + next(times)  # noqa: E731 - a clock
        thread = threading.Thread(target=stage.loop.run, args=(lambda: 0.0, steady))
        thread.start()
        try:
            eventually(lambda: stage.loop.beat == NOW)
            append(stage.log, bad)
            stage.loop.wake(str(stage.log))
            stage.loop.wake(str(stage.log))
            eventually(lambda: stage.letters == 1)
        finally:
            stage.loop.stop()
            thread.join(5.0)

        assert not thread.is_alive()
        assert stage.loop.stopping
        stage.loop.resume()
        assert not stage.loop.stopping
