"""A log that has fallen silent."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from operator import sub
from typing import ClassVar

from caffewatch.detect.finding import Finding, Place, Severity
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.silence import Silence
from caffewatch.detect.survey import Survey
from caffewatch.log.events import Ended, Event, Iteration, Moment, Pass, TestStarted, WentOn
from caffewatch.log.run import Run

_HOUR = 3600.0
"""Daylight saving: stamps are local time."""
_JITTER = 60.0
"""Seconds by which the display after such a step may be longer than any before."""
_PAUSES = 1000
"""More stalls than there are between two displays."""


class StallParameters(Parameters):
    """Parameters of `Stall`."""

    severity: Severity = parameter("critical", "how loud its findings are")
    factor: float = parameter(10.0, "times the longest time between two displays", "ratio", 1.0)
    least: float = parameter(600.0, "the shortest silence that is a stall", "s", 0.0)
    first: float = parameter(1800.0, "silence before the first display that is a stall", "s", 0.0)
    gone: float = parameter(30.0, "silence after which a process that is gone is one", "s", 0.0)


class Stall(Rule[StallParameters]):
    """No new line for longer than the run's own rhythm explains.

    Fires when nothing has come for ``factor`` times the longest time between two displays (tests
    and snapshots included), and for ``least`` seconds; before the second display, for ``first``
    seconds. A process that could be seen and is gone makes it certain after ``gone`` seconds; one
    that cannot be seen proves nothing. In a finished log only a gap inside it counts.

    Silent after the log has said that training ended, on an hour's step of the clock, on a clock
    that is put back and forth again, on any other step of it while somebody watches, during a test
    for ``first`` seconds, and where nothing is displayed at all (``display: 0``). Gaps that come
    again and again are listed only as they grow.

    Source: SageMaker Debugger takes 1800 s; glog keeps lines back for up to 30 s.
    """

    id: ClassVar[str] = "stall"
    title: ClassVar[str] = "stalled"
    severities: ClassVar[tuple[Severity, ...]] = ("critical",)
    Parameters: ClassVar[type[Parameters]] = StallParameters
    layered: ClassVar[bool] = False

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._last: float | None = None
        self._latest = 0.0
        self._longest = 0.0
        self._testing = False
        self._told = False
        self._silent, self._silent_last = 0.0, inf
        self._displays = 0
        self._pauses = 0
        self._line = run.started_line
        self._ended = False
        self._finding: Finding | None = None

    def on_iteration(self, event: Iteration) -> Sequence[Finding]:
        """Measure the run's rhythm; a gap inside the log is a stall that is over."""
        self._line = event.line
        over = () if self._finding is None else self._resume(event)
        silent, self._silent = max(self._silent, self._silent_last), 0.0
        self._displays, self._pauses = self._displays + 1, 0
        before, self._last = self._last, event.time if event.time is not None else self._last
        tested, self._testing = self._testing, False
        told, self._told = self._told, False
        if before is None or event.time is None:
            return over
        gap = self._pause(before, event.time)
        if gap > self.parameters.least and self._longest:
            if 0 <= gap - _HOUR <= max(2 * self._longest, _JITTER):
                return over
            if not tested and gap > self._limit():
                listed = not told and min(gap, silent) > self._limit() * self.patience
                return self._gap(event, gap) if listed else over
        self._longest = max(self._longest, gap)
        return over

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether the log went on without a pause, and nothing is open."""
        if self._finding is not None or self._last is None or self._last < self._latest:
            return False
        times = (self._last, *survey.stretch.times)
        gaps: list[float] = list(map(sub, times[1:], times))
        return min(gaps) >= 0 and max(gaps) <= self.parameters.least

    def pass_over(self, survey: Survey) -> None:
        """Measure the run's rhythm."""
        stretch = survey.stretch
        times = (self._last or stretch.times[0], *stretch.times)
        self._longest = max(self._longest, *map(sub, times[1:], times))
        self._last = self._latest = stretch.times[-1]
        self._testing = self._told = False
        self._silent, self._pauses = 0.0, 0
        self._displays += len(stretch)
        self._line = stretch.iteration(len(stretch) - 1).line

    def _pause(self, before: float, now: float) -> float:
        """Return the time between two displays; a clock put forth again passes none."""
        latest = self._latest
        self._latest = max(latest, before, now)
        return now - (latest if before < latest <= now else before)

    def _gap(self, event: Iteration, seconds: float) -> Sequence[Finding]:
        text = f"Before {{iteration}} nothing was logged for {_spell(seconds)}; then it went on."
        return (self.end(self._found(event.iteration, text, self._displays - 1)),)

    def _found(self, iteration: int | None, text: str, displays: int) -> Finding:
        """Begin an episode, numbered by the displays before it.

        So a silence has one number, whether it was seen to last or is found in the log afterwards,
        and no two have the same: how many a process has seen depends on when it was started.
        """
        finding = self.fire(self._place(iteration), text, _ADVICE)
        finding.episode = _PAUSES * displays + self._pauses
        return finding

    def on_test_started(self, event: TestStarted) -> Sequence[Finding]:
        """Note that the log goes on; how long a test may take only tests can tell."""
        self._testing = True
        return self._resume(event)

    def on_pass(self, look: object) -> Sequence[Finding]:
        """Note that the log goes on."""
        return () if self._finding is None else self._resume(None)

    def on_ended(self, event: Ended) -> Sequence[Finding]:
        """After its end a log may be silent."""
        self._ended = True
        return self._resume(event)

    def on_went_on(self, event: WentOn) -> Sequence[Finding]:
        """Expect more again: what ended was not this run."""
        self._ended = False
        return ()

    def tick(self, silence: Silence) -> Sequence[Finding]:
        """Compare the silence with the rhythm."""
        if silence.over:
            self._silent = max(self._silent, silence.seconds)
            self._silent_last = silence.seconds
            return ()
        if self._ended or self._finding is not None:
            return ()
        certain = silence.gone is True and silence.seconds >= self.parameters.gone
        certain = certain or silence.told
        if not certain and (silence.seconds < self._limit() or self.run.display == 0):
            return ()
        began = "the start" if self.run.iteration is None else "{iteration}"
        why = "it has hardly begun"
        if silence.gone:
            why = "its process is gone"
        elif self._longest:
            why = f"its longest pause so far was {_spell(self._longest)}"
        text = f"Since {began} nothing has been logged for {_spell(silence.seconds)}; {why}."
        self._finding = self._found(self.run.iteration, text, self._displays)
        self._pauses += 1
        return (self._finding,)

    def _limit(self) -> float:
        """Return the silence that is a stall, in seconds."""
        if not self._longest:
            return self.parameters.first
        own = max(self.parameters.least, self.parameters.factor * self._longest)
        return max(own, self.parameters.first) if self._testing else own

    def _resume(self, event: Event | None) -> Sequence[Finding]:
        self._line = event.line if event is not None and not isinstance(event, Pass) else self._line
        if self._finding is None:
            return ()
        self._told = True
        ended, self._finding = self._finding, None
        return (self.end(ended),)

    def _place(self, iteration: int | None) -> Place:
        return Place(self._line, Moment(iteration, estimated=False), self.run.previous_iteration)


def _spell(seconds: float) -> str:
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"


_ADVICE = [
    "See whether the process lives and what it does: ps, py-spy or gdb -p, nvidia-smi.",
    "A process in state D waits for a disk or a network file system; one in T was stopped.",
    "Where it was killed without a word, look for oom-killer in the kernel's log.",
]
