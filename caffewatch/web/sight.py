"""What pages may see of the daemon: frozen data, got through functions that it passes in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from caffewatch.alert.model import Alert
from caffewatch.draw.block import BlockWords
from caffewatch.history.frozen import LogHistory
from caffewatch.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Watched:
    """A followed log; ``snapshot`` is None before its first byte, ``last_written`` in seconds."""

    job: str
    log: str
    snapshot: Snapshot | None
    last_written: float | None


@dataclass(frozen=True, slots=True)
class Past:
    """A log's history, and its last debug_info block if it has one."""

    history: LogHistory
    block: BlockWords | None


@dataclass(frozen=True, slots=True)
class Sight:
    """The daemon as pages see it; every function may be called from any thread.

    Parameters
    ----------
    jobs
        Names of the configured jobs, in their order.
    logs
        The followed logs.
    alerts
        The alerts that people were told of and that fire, oldest first.
    past
        History of a log by job and log; None when there is none, or the daemon is too busy.
    """

    jobs: Sequence[str]
    logs: Callable[[], Sequence[Watched]]
    alerts: Callable[[], Sequence[Alert]]
    past: Callable[[str, str], Past | None]

    def of_job(self, name: str) -> list[Watched]:
        """Return the logs of a job."""
        return [x for x in self.logs() if x.job == name]

    def loud(self, job: str | None = None) -> list[Alert]:
        """Return the alerts, worst first; of one job, or of all."""
        order = {"critical": 0, "warning": 1, "info": 2}
        chosen = [x for x in self.alerts() if job in (None, x.labels.get("training_job"))]
        return sorted(chosen, key=lambda x: (order[x.severity], -x.starts_at))
