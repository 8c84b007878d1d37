"""Logs whose statistics are known."""

from __future__ import annotations

from tests.logs import CaffeLog


def gradients(value: float, displays: int = 8) -> CaffeLog:
    """Write a run whose largest gradient is this from the start."""
    log = CaffeLog.started()
    log.displays(range(0, 10 * displays, 10), {"d ip1.0": value})
    return log
