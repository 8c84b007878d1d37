"""Between wall time and the stamps in logs, which have no zone."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def as_if_utc(seconds: float | None, zone: tzinfo | None = None) -> float | None:
    """Return the time that a clock in ``zone`` shows at a moment, counted as if it were UTC.

    Parameters
    ----------
    seconds
        Since the epoch.
    zone
        None for the machine's own.
    """
    if seconds is None:
        return None
    local = datetime.fromtimestamp(seconds, UTC).astimezone(zone)
    return local.replace(tzinfo=UTC).timestamp()
