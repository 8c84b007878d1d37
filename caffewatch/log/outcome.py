"""How a run ended, as far as its log says."""

from __future__ import annotations

from typing import Literal

from caffewatch.log.events import Ended

Outcome = Literal["finished", "stopped", "terminated", "crashed", "unfinished"]


def outcome_after(before: Outcome, event: Ended) -> Outcome | None:
    """Return what an end makes of the outcome before it; None where it says nothing new.

    What a scheduler or a shell says behind a proof of what happened is what followed from it.
    """
    if event.how == "finished":
        return None if before in ("stopped", "terminated") else event.how
    if event.how == "crashed":
        return None if before == "terminated" and event.time is None else event.how
    return None if event.doubtful and before != "unfinished" else event.how
