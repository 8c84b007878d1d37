from __future__ import annotations

from math import inf

import pytest

from caffewatch.alert.model import Alert
from caffewatch.detect.finding import Finding
from caffewatch.detect.settings import RuleSettings
from caffewatch.detect.silence import Silence
from caffewatch.monitor import Monitor
from tests.detect.nets import real
from tests.logs import CaffeLog
from tests.watched import ORIGIN, REFERENCE, found, only, tuned

RULE = "stall"


def steady(displays: int = 5, seconds: float = 100) -> CaffeLog:
    """Write displays so many seconds apart."""
    log = CaffeLog.started()
    for number in range(displays):
        log.pass_time(seconds)
        log.display(10 * number)
    return log


def follow(log: CaffeLog, rules: RuleSettings | None = None) -> Monitor:
    """Read a log as it stands, and wait for more; its last line came at 0."""
    monitor = Monitor(ORIGIN, rules, REFERENCE)
    monitor.feed(log.data, 0.0)
    return monitor


def after(monitor: Monitor, seconds: float, gone: bool | None = None) -> list[Alert]:
    """Let so much time have passed without a line."""
    return monitor.tick(seconds, Silence(seconds, gone))


def stall(monitor: Monitor) -> Finding:
    """Return the only finding."""
    (finding,) = monitor.runs[-1].findings
    return finding


class TestSilence:
    @pytest.mark.parametrize(("seconds", "count"), [(999, 0), (1001, 1)])
    def test_fires_after_ten_times_the_longest_pause(self, seconds: float, count: int) -> None:
        """Here 100 seconds and a little."""
        assert len(after(follow(steady()), seconds)) == count

    @pytest.mark.parametrize(("seconds", "count"), [(599, 0), (600, 1)])
    def test_but_not_before_ten_minutes(self, seconds: float, count: int) -> None:
        """However fast the displays come."""
        assert len(after(follow(steady(seconds=1)), seconds)) == count

    @pytest.mark.parametrize(("seconds", "count"), [(1799, 0), (1800, 1)])
    def test_has_longer_before_there_is_a_rhythm(self, seconds: float, count: int) -> None:
        """Caffe may take long to read its data."""
        assert len(after(follow(CaffeLog.started()), seconds)) == count

    def test_says_what_and_since_when(self) -> None:
        """With the run's own rhythm beside it."""
        monitor = follow(steady())
        (alert,) = after(monitor, 1200)

        finding = stall(monitor)

        assert (alert.state, alert.severity) == ("firing", "critical")
        assert (finding.iteration, finding.place.previous_iteration) == (40, 30)
        assert finding.message == (
            "Since iteration 40 nothing has been logged for 20 minutes; its longest pause so far "
            "was 100 seconds."
        )
        assert "gdb -p" in finding.advice[0]

    def test_before_the_first_display(self) -> None:
        """There is no iteration to name."""
        monitor = follow(CaffeLog.started())
        after(monitor, 8000)

        assert stall(monitor).message == (
            "Since the start nothing has been logged for 2 hours; it has hardly begun."
        )

    def test_is_told_once(self) -> None:
        """Silence goes on."""
        monitor = follow(steady())

        assert [len(after(monitor, seconds)) for seconds in (1200, 1300, 1e6)] == [1, 0, 0]

    def test_resolves_with_the_next_line_that_tells(self) -> None:
        """A whole block of debug_info, before its display."""
        monitor = follow(steady())
        after(monitor, 1200)
        more = CaffeLog()
        more.block()

        (alert,) = monitor.feed(more.data, 1300.0)

        assert (alert.rule, alert.state) == (RULE, "resolved")

    def test_a_second_stall_is_another_episode(self) -> None:
        """As in a log that is read again, where the gap of the first is the first."""
        log = steady()
        monitor = follow(log)
        after(monitor, 1200)
        log.pass_time(5000)
        log.display(50)
        log.display(60)
        whole = follow(log)
        monitor.feed(log.chunks[-2][1].encode() + log.chunks[-1][1].encode(), 5000.0)

        told = [m.tick(9e9, Silence(9e9))[0].fingerprint for m in (monitor, whole)]

        assert told[0] == told[1]

    def test_is_known_by_what_was_logged_before(self) -> None:
        """A process that has not seen the first stall gives the second the same identity."""
        log = steady()
        monitor = follow(log)
        (first,) = after(monitor, 1200)
        log.display(50)
        monitor.feed(log.chunks[-1][1].encode(), 1300.0)

        seconds = [after(m, 1200)[0].fingerprint for m in (monitor, follow(log))]

        assert seconds[0] == seconds[1] != first.fingerprint

    def test_twice_between_two_displays(self) -> None:
        """They are two."""
        monitor = follow(steady())
        (first,) = after(monitor, 1200)
        more = CaffeLog()
        more.block()
        monitor.feed(more.data, 1300.0)

        (second,) = after(monitor, 1200)

        assert first.fingerprint != second.fingerprint

    def test_that_was_told_before_needs_no_patience(self) -> None:
        """The clock may have been set back since; the log is as silent as it was."""
        monitor = follow(steady())

        (alert,) = monitor.tick(1.0, Silence(1.0, told=True))

        assert (alert.rule, alert.state) == (RULE, "firing")


class TestProcess:
    @pytest.mark.parametrize(("seconds", "count"), [(29, 0), (30, 1)])
    def test_one_that_is_gone_is_certain(self, seconds: float, count: int) -> None:
        """Half a minute: glog keeps lines back for so long."""
        assert len(after(follow(steady()), seconds, gone=True)) == count

    def test_says_so(self) -> None:
        """Killed without a word."""
        monitor = follow(steady())
        after(monitor, 60, gone=True)

        assert stall(monitor).message.endswith("for 60 seconds; its process is gone.")

    @pytest.mark.parametrize("gone", [False, None])
    def test_one_that_is_there_or_was_never_seen_proves_nothing(self, gone: bool | None) -> None:
        """Other machines' processes cannot be seen."""
        assert after(follow(steady()), 900, gone) == []


class TestSilentBySight:
    def test_after_the_end(self) -> None:
        """Nothing more is to come."""
        log = steady()
        log.done()

        assert after(follow(log), 1e6, gone=True) == []

    def test_after_an_end_that_was_none(self) -> None:
        """Training that goes on may stand still."""
        log = steady()
        log.raw("Killed")
        log.iteration(9990)

        assert after(follow(log), 1e6, gone=True) != []

    def test_in_the_midst_of_a_test(self) -> None:
        """How long it takes nobody knows before it is over."""
        log = steady(seconds=1)
        log.say("Iteration 50, Testing net (#0)", "solver.cpp:347")

        assert after(follow(log), 1799) == []
        assert len(after(follow(log), 1800)) == 1

    def test_where_nothing_is_displayed(self) -> None:
        """display: 0 says nothing for days; only a process that is gone does."""
        log = CaffeLog.started(display=0)

        assert after(follow(log), 1e6) == []
        assert len(after(follow(log), 1e6, gone=True)) == 1


class TestGap:
    def gap(self, seconds: float) -> CaffeLog:
        """Write displays with a gap in between."""
        log = steady()
        log.pass_time(seconds)
        log.display(50)
        log.display(60)
        return log

    def test_inside_a_log_is_a_stall_that_is_over(self) -> None:
        """Listed once, and nobody is told of what is past."""
        log = self.gap(2000)

        finding = only(log, RULE)

        assert (finding.state, finding.iteration, finding.ended) == ("resolved", 50, 50)
        assert finding.message == (
            "Before iteration 50 nothing was logged for 33 minutes; then it went on."
        )
        assert follow(log).feed(b"", 0.0) == []

    @pytest.mark.parametrize(("seconds", "count"), [(900, 0), (1100, 1), (3500, 1), (4200, 1)])
    def test_by_the_rhythm(self, seconds: float, count: int) -> None:
        """An hour on the clock is no hour when a display takes 100 seconds."""
        assert len(found(self.gap(seconds), RULE)) == count

    @pytest.mark.parametrize("seconds", [3601, 3690])
    def test_an_hour_and_a_display_is_daylight_saving(self, seconds: float) -> None:
        """The stamps are local time."""
        assert found(self.gap(seconds), RULE) == []

    def test_a_clock_that_goes_back(self) -> None:
        """The other half of daylight saving."""
        assert found(self.gap(-3600), RULE) == []

    @pytest.mark.parametrize("seconds", [3601, 3655])
    def test_daylight_saving_among_short_displays(self, seconds: float) -> None:
        """The display that the step falls into may be a little longer than any before."""
        log = steady(seconds=0.1)
        log.pass_time(seconds)
        log.display(50)

        assert found(log, RULE) == []

    @pytest.mark.parametrize("step", [86_400, 3600, 900])
    def test_a_clock_that_is_put_back_and_forth(self, step: float) -> None:
        """No time has passed, and the rhythm is what it was."""
        log = steady(seconds=1)
        for number in range(50, 90, 20):
            log.pass_time(-step)
            log.displays((number,))
            log.pass_time(step + 1)
            log.displays((number + 10,))

        assert found(log, RULE) == []
        assert len(after(follow(log), 600)) == 1

    @pytest.mark.parametrize(("silent", "count"), [(999, 0), (1001, 1), (inf, 1)])
    def test_by_a_step_of_the_clock(self, silent: float, count: int) -> None:
        """Where somebody watched, it was no longer than what was seen of it."""
        log = steady()
        monitor = follow(log)
        log.pass_time(20_000)
        log.display(50)

        monitor.tick(0.0, Silence(silent, over=True))
        monitor.feed(log.chunks[-1][1].encode(), 0.0)

        assert len(monitor.runs[-1].findings) == count

    def test_that_comes_every_night(self) -> None:
        """A machine that is suspended for half a day, each day of a year, is a few lines."""
        log = steady(seconds=1)
        for number in range(50, 3700, 10):
            log.pass_time(43_200 if number % 20 else 1)
            log.iteration(number)
            log.end_chunk(number)

        assert len(found(log, RULE)) == 8

    def test_with_a_test_in_it_is_the_tests(self) -> None:
        """And from then on part of the rhythm."""
        log = steady(seconds=1)
        for number in range(50, 80, 10):
            log.test(number)
            log.pass_time(1200)
            log.display(number)

        assert found(log, RULE) == []
        assert after(follow(log), 10_000) == []

    def test_without_stamps_there_is_none(self) -> None:
        """Output of pycaffe through a pipe that cut them off."""
        log = CaffeLog()
        for number in range(5):
            log.raw(f"Iteration {number}, loss = 2")

        assert found(log, RULE) == []


class TestSettings:
    def test_every_threshold(self) -> None:
        """Twice the pause, five seconds at least."""
        rules = tuned(RULE, factor=2.0, least=5.0)

        assert len(after(follow(steady(), rules), 201)) == 1
        assert len(after(follow(steady(seconds=1), rules), 5)) == 1
        assert len(after(follow(CaffeLog.started(), tuned(RULE, first=60.0)), 60)) == 1
        assert len(after(follow(steady(), tuned(RULE, gone=1.0)), 1, gone=True)) == 1


class TestWords:
    @pytest.mark.parametrize(
        ("seconds", "words"), [(7199, "120 minutes"), (90_000, "25 hours"), (2e5, "2 days")]
    )
    def test_of_time(self, seconds: float, words: str) -> None:
        """As people say it."""
        monitor = follow(steady())
        after(monitor, seconds)

        assert f"for {words};" in stall(monitor).message


class TestRealLogs:
    @pytest.mark.parametrize("name", ["early_stop_ok", "two_runs_appended", "resume_ok"])
    def test_silent_without_a_clock(self, name: str) -> None:
        """A finished log shows no silence."""
        assert real(name, RULE) == []
