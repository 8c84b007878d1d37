"""The prefix of a line, and the time in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from caffewatch.log.glog import Clock, glued, isoformat, read_line
from caffewatch.log.localtime import as_if_utc
from tests.log.samples import say


def at(year: int, month: int, day: int, hour: int = 0) -> float:
    """Return a moment in seconds since the epoch, as if it were UTC."""
    return datetime(year, month, day, hour, tzinfo=UTC).timestamp()


def days(clock: Clock, *dates: str) -> list[str | None]:
    """Return the day that a clock gives to each date, at noon."""
    times = [clock.seconds(date.encode(), b"12:00:00.5") for date in dates]
    return [None if time is None else str(isoformat(time))[:10] for time in times]


class TestReadLine:
    @pytest.mark.parametrize(
        ("line", "parts"),
        [
            (
                "I1123 07:14:45.539148 28228 caffe.cpp:197] Use CPU.",
                ("I", "1123", "07:14:45.539148", "28228", "Use CPU."),
            ),
            (
                "E20261123 07:14:45.539148   812 net.cpp:642]     [Backward] x",
                ("E", "20261123", "07:14:45.539148", "812", "    [Backward] x"),
            ),
            (
                "W0607 15:13:13.557654 1956823808 db.cpp:20] Opened",
                ("W", "0607", "15:13:13.557654", "1956823808", "Opened"),
            ),
            (
                r"F1123 07:14:45 0x7f12a0 C:\caffe\net.cpp:9] Check failed: x",
                ("F", "1123", "07:14:45", "0x7f12a0", "Check failed: x"),
            ),
            (
                " 12%|##   | 3/24 I1123 07:14:45.539148 28228 a.cpp:1] Solving x",
                ("I", "1123", "07:14:45.539148", "28228", "Solving x"),
            ),
            (
                "I1123 07:14:4I1123 07:14:45.539148 28228 a.cpp:1] Solving x",
                ("I", "1123", "07:14:45.539148", "28228", "Solving x"),
            ),
            ("I1109 ...] [Forward] Layer x", ("I", "", "", "", "[Forward] Layer x")),
            ("E20261109] [Backward] x", ("E", "", "", "", "[Backward] x")),
            ("test_iter: 6", ("", "", "", "", "test_iter: 6")),
            ("solver.cpp:228] Iteration 0", ("", "", "", "", "Iteration 0")),
            ("15:10 INFO: src/a.cpp : line 218 : Iter", ("", "", "", "", "Iter")),
            ("a.cpp:12:3: error: x", ("", "", "", "", "a.cpp:12:3: error: x")),
            ("I am [not] a prefix]", ("", "", "", "", "I am [not] a prefix]")),
            ("\ufeffLog file created at: x", ("", "", "", "", "Log file created at: x")),
        ],
    )
    def test_parts(self, line: str, parts: tuple[str, ...]) -> None:
        """Severity, date, time, thread and message are read, as far as they are there."""
        found = read_line(line.encode())

        stamp = (found.severity, found.date, found.clock, found.tid)
        assert (*(part.decode() for part in stamp), found.text) == parts

    def test_invalid_utf8(self) -> None:
        """Bytes that are no UTF-8 are replaced."""
        assert read_line(b"I1123 07:14:45.5 1 a.cpp:1] x\xff").text == "x\ufffd"

    def test_glued(self) -> None:
        """What begins with the last prefix inside a message was appended to a torn line."""
        torn, second, third = (say(text).rstrip() for text in ("[Forw", "Use C", "Use CPU."))

        assert glued(read_line((torn + second + third).encode())) == third.encode()
        assert glued(read_line(third.encode())) == b""


class TestClock:
    def test_year_in_the_stamp(self) -> None:
        """A stamp with a year needs nothing else, and gives it to stamps without one."""
        assert days(Clock(), "20160229", "0301") == ["2016-02-29", "2016-03-01"]

    def test_microseconds(self) -> None:
        """A time is exact to the microsecond."""
        time = Clock(at(2026, 12, 1)).seconds(b"1123", b"07:14:45.539148")

        assert isoformat(time) == "2026-11-23T07:14:45.539148"
        assert isoformat(None) is None

    def test_header(self) -> None:
        """A glog file's header gives the year, whatever the file's own time says."""
        clock = Clock(at(2026, 12, 1))
        clock.created("Log file created at: 2014/12/31 23:59:59")

        assert days(clock, "1231", "0101", "0102") == ["2014-12-31", "2015-01-01", "2015-01-02"]

    def test_header_of_the_next_file(self) -> None:
        """Another header begins anew, and one with an impossible date gives its year alone."""
        clock = Clock()
        clock.created("Log file created at: 2014/05/01 10:00:00")
        before = days(clock, "0501")
        clock.created("Log file created at: 2019/02/31 10:00:00")
        clock.created("Log file created at: yesterday")
        clock.created("Log file created at: 0000/01/01 00:00:00")

        assert before + days(clock, "0501") == ["2014-05-01", "2019-05-01"]

    @pytest.mark.parametrize(
        ("dates", "expected"),
        [
            (["1123"], ["2026-11-23"]),
            (["1202"], ["2025-12-02"]),
            (["1230", "0101", "0229"], ["2025-12-30", "2026-01-01", None]),
            (["0229"], ["2024-02-29"]),
            (["0229", "0301"], ["2024-02-29", "2024-03-01"]),
        ],
    )
    def test_reference(self, dates: list[str], expected: list[str | None]) -> None:
        """Without a header the first stamp is of the latest year not after the file's time."""
        assert days(Clock(at(2026, 11, 30)), *dates) == expected

    def test_no_year_at_all(self) -> None:
        """Without anything to tell the year it is 1972, which has every date."""
        assert days(Clock(), "0228", "0229", "0301") == ["1972-02-28", "1972-02-29", "1972-03-01"]

    def test_new_year(self) -> None:
        """A date that falls back by about a year is a New Year."""
        clock = Clock(at(2025, 12, 31, 23))

        assert days(clock, "1230", "0101") == ["2025-12-30", "2026-01-01"]

    def test_late_line_of_the_year_before(self) -> None:
        """A thread's late line does not turn the year back for the lines after it."""
        clock = Clock(at(2025, 12, 31, 23))
        found = days(clock, "1231", "0101", "1231", "0101", "0102")

        assert [day and day[:4] for day in found] == ["2025", "2026", "2025", "2026", "2026"]

    def test_leap_day_after_new_year(self) -> None:
        """The next year's 29 February is no date of this year, and shows that it has begun."""
        clock = Clock(at(2023, 12, 1))

        assert days(clock, "1130", "0229", "0301") == ["2023-11-30", "2024-02-29", "2024-03-01"]

    def test_long_gap(self) -> None:
        """A run that is appended eight months later is not of the year before."""
        clock = Clock(at(2026, 1, 15))

        assert days(clock, "0110", "0920") == ["2026-01-10", "2026-09-20"]

    def test_same_date_a_year_later(self) -> None:
        """A date that comes again after a New Year is of the new year."""
        clock = Clock(at(2025, 2, 1))

        found = days(clock, "0101", "0601", "1231", "0101")

        assert found == ["2025-01-01", "2025-06-01", "2025-12-31", "2026-01-01"]

    def test_steps_back(self) -> None:
        """Slightly earlier stamps of another thread, and the hour of summer time, stay."""
        clock = Clock(at(2026, 11, 30))
        stamps = [(b"1123", b"00:00:00.1"), (b"1122", b"23:59:59.9"), (b"1122", b"22:59:59.9")]

        first, *others = [clock.seconds(*stamp) or 0.0 for stamp in stamps]

        assert [round(time - first, 3) for time in others] == [-0.2, -3600.2]

    @pytest.mark.parametrize(
        "stamp",
        [
            (b"", b""), (b"1332", b"00:00:00"), (b"1123", b"xx:00:00"), (b"20260229", b"0"),
            (b"00000101", b"00:00:00"), (b"99991231", b"23:59:60.9"), (b"1123", b"24:00:00"),
            (b"1123", b"07:60:00"), (b"1123", b"07:00:61"),
        ],
    )  # fmt: skip
    def test_no_time(self, stamp: tuple[bytes, bytes]) -> None:
        """What is no date and time is None, and does no harm to the next stamp."""
        clock = Clock(at(2026, 11, 30))

        assert clock.seconds(*stamp) is None
        assert days(clock, "1123") == ["2026-11-23"]


class TestLocalTime:
    def test_as_if_utc(self) -> None:
        """A moment is counted as the clock on the wall shows it."""
        assert as_if_utc(at(2026, 11, 23, 7), UTC) == at(2026, 11, 23, 7)
        assert as_if_utc(None) is None
