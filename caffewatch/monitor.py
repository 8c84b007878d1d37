"""One log's whole core: bytes in, alerts out, and a picture of how it stands."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from math import isfinite
from typing import TYPE_CHECKING, cast

from caffewatch.alert.book import AlertBook
from caffewatch.alert.model import Alert, Origin
from caffewatch.alert.occasions import Occasions
from caffewatch.detect.detector import Detector
from caffewatch.detect.finding import Finding
from caffewatch.detect.settings import RuleSettings
from caffewatch.detect.silence import Silence
from caffewatch.history.recorder import Recorder
from caffewatch.log.events import TRAIN, Ended, Event, Pass, RunEnded, RunStarted
from caffewatch.log.parser import Parser
from caffewatch.log.run import Run
from caffewatch.log.slotted import slotted
from caffewatch.log.stretch import Stretch

if TYPE_CHECKING:
    from caffewatch.history.frozen import LogHistory
    from caffewatch.snapshot import RunSnapshot, Snapshot

_WORTHWHILE = 4
"""Displays that are always taken one by one where something may happen in them."""


@slotted
class RunRecord:
    """A run and all that was found in it."""

    run: Run
    findings: list[Finding]
    recorder: Recorder

    @property
    def stalled(self) -> bool:
        """Whether nothing comes though something should."""
        return any(f.rule == "stall" and f.state == "firing" for f in self.findings)


class Monitor:
    """Watch one log.

    Pure: the same bytes give the same findings with the same identities, however they are cut.

    Parameters
    ----------
    origin
        Whose log it is: part of every alert's identity.
    rules
        The job's settings of the rules.
    reference
        A time near the log's own, for stamps without a year; see `caffewatch.log.glog.Clock`.
    keep
        How many of the last runs to remember; None for all.
    known
        Alerts that were told before this process began: fingerprint -> when it began to fire.
    events
        Kinds of events in a run's life of which notices are asked for, as
        `caffewatch.alert.occasions` names them.
    curves
        Whether to keep what the runs did over time; without it `history` has nothing to draw, and
        reading is a tenth faster.
    """

    def __init__(
        self,
        origin: Origin | None = None,
        rules: RuleSettings | None = None,
        reference: float | None = None,
        keep: int | None = None,
        known: Mapping[str, float] | None = None,
        events: Collection[str] = (),
        curves: bool = True,
    ) -> None:
        self.origin = origin or Origin("", "", "", {})
        self.runs: deque[RunRecord] = deque(maxlen=keep)
        self.bytes = 0
        self._rules = rules or RuleSettings()
        self._events = tuple(events)
        self._curves = curves
        self._occasions = Occasions(self.origin, self._events)
        self._parser = Parser(reference)
        self._book = AlertBook(self.origin, known or {})
        self._detector: Detector | None = None
        self._counts: Counter[str] = Counter()
        self._last_data_at: float | None = None
        self._yielded = 0

    @property
    def parser(self) -> Parser:
        """The parser: lines and positions read so far."""
        return self._parser

    def know(self, known: Mapping[str, float]) -> None:
        """Learn which alerts were told by now: fingerprint -> when it began to fire."""
        self._book.known = known

    @property
    def alerts(self) -> list[Alert]:
        """The alerts that fire now, oldest first."""
        return self._book.alerts

    def feed(
        self, data: bytes, now: float, stream: int = 0, start: int = 0, hold: bool = False
    ) -> list[Alert]:
        """Take bytes that the log grew by; return the alerts that fire or resolve.

        Parameters
        ----------
        now
            Wall time in seconds since the epoch.
        stream
            Tells the physical files of one log apart.
        start
            Where in that file the stream's first bytes lie.
        hold
            Whether the last few displays may wait for more bytes: for finished logs.
        """
        self._note_data(data, now)
        return self.take(self._singly(self._parser.sweep(data, stream, start, hold)), now)

    def read(self, data: bytes, now: float, stream: int = 0, start: int = 0) -> list[Event]:
        """Take bytes as `feed` does, but only read them: the events are to be taken in turn."""
        self._note_data(data, now)
        return self._parser.feed(data, stream, start)

    def _note_data(self, data: bytes, now: float) -> None:
        self.bytes += len(data)
        self._last_data_at = now

    def _singly(self, events: Iterable[Event | Stretch]) -> Iterator[Event]:
        """Yield events, and those of stretches in which something may happen; pass over the rest.

        What is yielded must be taken before the next is asked for.
        """
        for event in events:
            if type(event) is Stretch:
                yield from self._pass_over(event)
            else:
                yield cast(Event, event)

    def _pass_over(self, stretch: Stretch) -> Iterator[Event]:
        """Pass over what is calm; yield the rest, for those rules alone that are restless.

        That is halved until it is small, or as long as what was yielded just before.
        """
        detector, record = self._detector, self.runs[-1]
        spans = [(0, len(stretch))]
        while spans:
            start, stop = spans.pop()
            part = stretch.part(start, stop)
            survey = None if detector is None or self._events else detector.survey(part)
            if detector is not None and survey is not None and not survey.restless:
                speeds = record.run.pass_over(part)
                if self._curves:
                    record.recorder.pass_over(part, survey.high, speeds)
                detector.pass_over(survey)
                self._yielded = 0
            elif len(part) > max(_WORTHWHILE, 2 * self._yielded):
                middle = (start + stop) // 2
                spans += (middle, stop), (start, middle)
            else:
                self._yielded += len(part)
                if detector is None or survey is None:
                    yield from part.events()
                    continue
                with detector.only_restless(survey):
                    yield from part.events()

    def flush(self, now: float, stream: int = 0) -> list[Alert]:
        """Take a stream's unfinished last line as it stands: its file is gone for good."""
        return self.take(self._parser.flush(stream), now)

    def supersede(self, now: float) -> list[Alert]:
        """Resolve what fires: another run has begun in this log, in another file."""
        return self._book.clear(self.runs[-1].run, now) if self.runs else []

    def close(self, now: float) -> list[Alert]:
        """End the log: judge what was cut off, and end the run."""
        return self.take(self._parser.close(), now)

    def tick(self, now: float, silence: Silence | None = None) -> list[Alert]:
        """Let time pass without data; return the alerts that fire for want of it.

        Parameters
        ----------
        silence
            What is known of the silence; without it, the time since bytes were last fed.
        """
        if self._detector is None or self._last_data_at is None:
            return []
        quiet = silence or Silence(now - self._last_data_at)
        return self._book.correct(self._note(self.runs[-1], self._detector.tick(quiet), now))

    def take(self, events: Iterable[Event], now: float) -> list[Alert]:
        """Judge what `read` or the parser returned; for those who look at each event themselves."""
        alerts: list[Alert] = []
        for event in events:
            if type(event) is Pass and event.net != TRAIN and isfinite(sum(event.values)):
                continue  # no rule asks more of a test's blocks, and there are many of them
            if type(event) is RunStarted:
                alerts += self._begin(event, now)
            detector = self._detector
            if detector is None:
                continue
            record = self.runs[-1]
            record.run.apply(event)
            if self._curves:
                record.recorder.take(event, record.run)
            changed = detector.take(event)
            if changed:
                alerts += self._note(record, changed, now)
            if self._events:
                alerts += self._occasions.take(record.run, now)
            if type(event) is Ended and not event.fatal:
                alerts += self._book.finish(record.run, now)
            elif type(event) is RunEnded:
                self._detector = None
        return self._book.correct(alerts) if alerts else alerts

    def _note(self, record: RunRecord, changed: list[Finding], now: float) -> list[Alert]:
        self._counts.update(f.rule for f in changed if f.state == "firing")
        return self._book.take(record.run, changed, record.findings, now)

    def _begin(self, event: RunStarted, now: float) -> list[Alert]:
        alerts = self._book.clear(self.runs[-1].run, now) if self.runs else []
        run = Run.begin(event)
        self._detector = Detector(run, self._rules)
        self._occasions = Occasions(self.origin, self._events)
        self.runs.append(RunRecord(run, self._detector.findings, Recorder()))
        return alerts

    def snapshot(self, blobs: bool = False) -> Snapshot:
        """Return a frozen picture of the log; with ``blobs`` every value of the last block."""
        from caffewatch.snapshot import Snapshot  # noqa: PLC0415 - `check` never asks

        record = self.runs[-1] if self.runs else None
        return Snapshot(
            job=self.origin.job,
            log=self.origin.log,
            lines=self._parser.line,
            bytes=self.bytes,
            unrecognised_lines=self._parser.unrecognised,
            run=None if record is None else self._frozen(record, blobs),
            last_line_time=self._parser.time,
            last_data_at=self._last_data_at,
            firing=dict(self._book.firing),
            findings=dict(self._counts),
        )

    def history(self) -> LogHistory:
        """Return a copy of what the remembered runs did over time."""
        from caffewatch.history import frozen  # noqa: PLC0415 - as above

        return frozen.LogHistory(
            job=self.origin.job,
            log=self.origin.log,
            version=f"{self.bytes}-{sum(self._counts.values())}",
            runs=tuple(frozen.freeze(x.recorder, x.run, x.findings) for x in self.runs),
        )

    def _frozen(self, record: RunRecord, blobs: bool) -> RunSnapshot:
        from caffewatch.snapshot import freeze  # noqa: PLC0415 - as above

        layout = None if self._detector is None else self._detector.layout_of
        trend = tuple(record.recorder.trend.buckets())
        return freeze(record.run, blobs, record.stalled, layout, trend)
