from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from caffewatch.log.localtime import as_if_utc

SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp()
WINTER = datetime(2026, 12, 31, 23, 30, tzinfo=UTC).timestamp()


class TestAsIfUtc:
    @pytest.mark.parametrize(
        ("moment", "zone", "shown"),
        [
            (SUMMER, "UTC", datetime(2026, 7, 1, 12, tzinfo=UTC)),
            (SUMMER, "Europe/Berlin", datetime(2026, 7, 1, 14, tzinfo=UTC)),
            (WINTER, "Europe/Berlin", datetime(2027, 1, 1, 0, 30, tzinfo=UTC)),
            (WINTER, "America/New_York", datetime(2026, 12, 31, 18, 30, tzinfo=UTC)),
        ],
    )
    def test_what_a_clock_there_shows(self, moment: float, zone: str, shown: datetime) -> None:
        """Summer time and the year are the zone's own."""
        assert as_if_utc(moment, ZoneInfo(zone)) == shown.timestamp()

    def test_nothing_known(self) -> None:
        """No time stays no time."""
        assert as_if_utc(None) is None
