"""The prefix that glog writes before every message, and the times in it."""

from __future__ import annotations

import hashlib
import re
from calendar import isleap
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

PREFIX = re.compile(
    rb"([IWEF])(\d{8}|\d{4}) (\d\d:\d\d:\d\d(?:\.\d{1,6})?) +(\w+) ([^\s\]]+:\d+)\] ?"
)
"""``[IWEF](yyyy)mmdd hh:mm:ss.uuuuuu tid file:line] ``; what follows is the message."""

CUT_PREFIX = re.compile(rb"([IWEF])\d{4}(?:\d{4})?\b[^\]\[]{0,80}\] ?")
"""A prefix that somebody shortened when pasting: ``I1109 ...] ``."""

PLACE = re.compile(rb"[^\]]{0,80}?\b\w{1,60}\.(?:cpp|cu|hpp|cc) ?:(?:\d+\]| line \d+ :) *")
"""What is left of a prefix without its start, and what a stand-in for glog writes."""

CREATED = re.compile(r"Log file created at: (\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)")

_DAY = 86400.0
_HALF_YEAR = 183 * _DAY
_LEAP_GAP = 9
_LEAP_SECOND = 61
_FIRST_YEAR, _LAST_YEAR = 1970, 9998
_UNKNOWN_YEAR = 1972  # a leap year, so that every date exists


class Line(NamedTuple):
    """A line and its prefix; ``severity`` is empty where it has none.

    ``date``, ``clock`` and ``tid`` are empty where the prefix was cut off. The message starts at
    ``end``.
    """

    raw: bytes
    severity: bytes
    date: bytes
    clock: bytes
    tid: bytes
    end: int

    @property
    def text(self) -> str:
        """The message behind the prefix."""
        text = self.raw[self.end :].decode("utf-8", "replace")
        return text.rstrip("\r").removeprefix("\ufeff")

    def identity(self, offset: int) -> str:
        """Return a hash of the line, and of where it begins if it has no stamp to tell it apart."""
        name = self.raw if self.date else b"%d:" % offset + self.raw
        return hashlib.sha256(name).hexdigest()[:16]

    @property
    def stamp_end(self) -> int:
        """Where the thread id begins, 0 where the line does not begin with a whole prefix."""
        if not self.date or not self.raw.startswith(self.date, 1):
            return 0
        return len(b"I  ") + len(self.date) + len(self.clock)


def read_line(raw: bytes) -> Line:
    """Read the prefix at the start of a line, or after foreign text on it.

    Of a line without one, what stands behind its last carriage return counts: a progress bar
    rewrites its line, and ends it only when something else is written.
    """
    match = PREFIX.search(raw)
    if match is not None:
        return Line(raw, match[1], match[2], match[3], match[4], match.end())
    start = raw.rfind(b"\r", 0, len(raw.rstrip(b"\r"))) + 1 if b"\r" in raw else 0
    cut = CUT_PREFIX.match(raw, start)
    if cut is not None:
        return Line(raw, cut[1], b"", b"", b"", cut.end())
    place = PLACE.match(raw, start)
    return Line(raw, b"", b"", b"", b"", place.end() if place else start)


def glued(line: Line) -> bytes:
    """Return what begins with the last prefix inside a message; empty where there is none.

    A process that is killed leaves a torn line, and the next one appends to it.
    """
    start = -1
    if line.raw.find(b"]", line.end) < 0:
        return b""
    for match in PREFIX.finditer(line.raw, line.end):
        start = match.start()
    return line.raw[start:] if start >= 0 else b""


class Clock:
    """Turn stamps into seconds since the epoch, read as if they were UTC.

    Parameters
    ----------
    reference
        A time near the log's own (the file's modification time, local, as if it were UTC), from
        which a stamp without a year takes it: the latest year that does not lie after it.
        Without it and without a header, the year is 1972.

    Stamps of multi-threaded logs step slightly backwards, so only a step back of about a year is
    a New Year. What is no date or no time of day, or of a year that no computer has seen, is no
    stamp.

    Attributes
    ----------
    last
        The last time read from a stamp, None before the first.
    """

    def __init__(self, reference: float | None = None) -> None:
        self.last: float | None = None
        self._reference = reference
        self._year: int | None = None
        self._date = self._minute = b""
        self._start = 0.0
        self._last: float | None = None

    def created(self, text: str) -> None:
        """Take the year from glog's header line, where ``text`` is one."""
        match = CREATED.match(text)
        if match:
            year, *rest = map(int, match.groups())
            if _FIRST_YEAR <= year <= _LAST_YEAR:
                self._year = year
                self._last = None
                self._date = b""
                with suppress(ValueError):  # a date that does not exist
                    self._last = _epoch(year, *rest)

    def of(self, line: Line) -> float | None:
        """Return the time of a line's stamp; None where it is no time."""
        return self.seconds(line.date, line.clock)

    def seconds(self, date: bytes, clock: bytes) -> float | None:
        """Return the time of a stamp's date and time of day; None where it is no time."""
        if not date:
            return None
        try:
            minute = clock[:5]
            if minute != self._minute or date != self._date:
                self._start = self._day(date) + _seconds(int(minute[:2]), int(minute[3:]))
                self._date, self._minute = date, minute
            second = float(clock[6:])
            if second >= _LEAP_SECOND:
                return None
            now = self._start + second
        except ValueError:
            return None
        self._last = self.last = now
        return now

    def column(self, date: bytes, clocks: Sequence[bytes]) -> list[float]:
        """Return the times of stamps of one date, up to the first that is no time."""
        times: list[float] = []
        minute = None
        for clock in clocks:
            if clock[:5] != minute:
                time = self.seconds(date, clock)
                if time is None:
                    return times
                minute = self._minute
            else:
                try:
                    second = float(clock[6:])
                except ValueError:
                    break
                if second >= _LEAP_SECOND:
                    break
                time = self._start + second
            times.append(time)
        if times:
            self._last = self.last = times[-1]
        return times

    def _day(self, date: bytes) -> float:
        if len(date) == len("yyyymmdd"):
            start = _epoch(int(date[:4]), int(date[4:6]), int(date[6:8]))
            self._year = int(date[:4])
            return start
        month, day = int(date[:2]), int(date[2:])
        year = self._first_year(month, day) if self._year is None else self._year
        if (month, day) == (2, 29) and not isleap(year):
            year += 1
        start = _epoch(year, month, day)
        if self._last is not None and start < self._last - _HALF_YEAR:
            year += 1
            start = _epoch(year, month, day)
        elif self._last is not None and start > self._last + _HALF_YEAR:
            late = _epoch(year - 1, month, day)
            if self._last - late < 2 * _DAY:
                return late
        self._year = year
        return start

    def _first_year(self, month: int, day: int) -> int:
        if self._reference is None:
            return _UNKNOWN_YEAR
        latest = datetime.fromtimestamp(self._reference, UTC).year
        for year in range(latest, latest - _LEAP_GAP, -1):
            with suppress(ValueError):  # the 29th of February in a year without one
                if _epoch(year, month, day) <= self._reference + _DAY:
                    return year
        return latest


def _seconds(hour: int, minute: int) -> int:
    if hour > 23 or minute > 59:
        raise ValueError("no time of day")
    return hour * 3600 + minute * 60


def _epoch(year: int, month: int, day: int, hour: int = 0, minute: int = 0, sec: int = 0) -> float:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError("no year of a log")
    return datetime(year, month, day, hour, minute, sec, tzinfo=UTC).timestamp()


def isoformat(seconds: float | None) -> str | None:
    """Write a stamp's time without a zone, to the microsecond where it has any."""
    if seconds is None:
        return None
    micro = timedelta(microseconds=round(seconds * 1e6))
    return (datetime(1970, 1, 1) + micro).isoformat()
