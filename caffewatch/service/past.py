"""Histories for pages: asked for by any thread, drawn by the one that owns the logs."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace

from caffewatch.draw.block import BlockLine, BlockWords
from caffewatch.monitor import Monitor, RunRecord
from caffewatch.report.explain import explain
from caffewatch.report.explain_block import Block, Picture
from caffewatch.service.followed import FollowedLog
from caffewatch.web.sight import Past

PATIENCE = 2.0
"""Seconds for which a page waits until the owner has come to its request."""
KEPT = 16
"""Histories kept, so that many who look at the same job cost no more than one."""
_MOST_RUNS = 8
"""Runs of a log that can be looked at: those of its newest file, and of files before."""

Key = tuple[str, str]

_log = logging.getLogger(__name__)


class Pasts:
    """Draw histories on demand.

    Parameters
    ----------
    wake
        Called when something was asked for: the owner may look.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._changed = threading.Condition()
        self._asked: set[Key] = set()
        self._drawn: OrderedDict[Key, Past] = OrderedDict()
        self._answers = 0

    @property
    def is_asked(self) -> bool:
        """Whether anybody waits."""
        return bool(self._asked)

    def get(self, key: Key, version: str | None) -> Past | None:
        """Return a log's history; from any thread.

        The last one is good enough where it is of this ``version``, or no other comes in time.
        """
        with self._changed:
            known = self._drawn.get(key)
            if known is not None and known.history.version == version:
                return known
            self._asked.add(key)
            answers = self._answers
            self._wake()
            self._changed.wait_for(
                lambda: self._answers > answers and key not in self._asked, PATIENCE
            )
            return self._drawn.get(key)

    def answer(self, logs: Iterable[FollowedLog]) -> None:
        """Draw what was asked for; in the thread that owns the logs."""
        with self._changed:
            asked = set(self._asked)
        drawn = {x.key: past for x in logs if x.key in asked and (past := _draw(x)) is not None}
        with self._changed:
            self._asked -= asked
            for key in asked - drawn.keys():
                self._drawn.pop(key, None)
            for key, past in drawn.items():
                self._drawn[key] = past
                self._drawn.move_to_end(key)
            while len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
            self._answers += 1
            self._changed.notify_all()


def _draw(log: FollowedLog) -> Past | None:
    if not log.shown:
        return None
    *earlier, monitor = log.shown
    try:
        history = monitor.history()
        runs = [run for x in earlier for run in x.history().runs] + list(history.runs)
        history = replace(history, runs=tuple(runs[-_MOST_RUNS:]))
        return Past(history, _explained(log, monitor))
    except Exception:
        # A page is no reason to end the watch over the logs.
        _log.exception("%s: no history", log.origin.log)
        return None


def _explained(log: FollowedLog, monitor: Monitor) -> BlockWords | None:
    try:
        return _block(monitor.runs[-1]) if monitor.runs else None
    except Exception:
        # Nor is a block that nobody can put into words a reason to show no curves.
        _log.exception("%s: its last block is not explained", log.origin.log)
        return None


def _block(record: RunRecord) -> BlockWords | None:
    """Explain the last block of a run."""
    run = record.run
    last = run.last_pass
    if last is None:
        return None
    before = [x for x in run.recent if x is not last]
    outputs = list(run.outputs.values())
    loss = None if last.moment.estimated else run.loss
    block = Block(last, run.learning_rate, run.grad_scale, loss, outputs)
    told = explain(Picture(run, record.findings, block, before))
    return BlockWords(
        block.iteration,
        told.verdict,
        tuple(
            BlockLine(
                x.entry.blob.phase, x.entry.blob.layer, x.entry.value, x.meaning, x.normal, x.note,
                x.mark.text if x.mark else "",
            )
            for x in told.readings
        ),
    )  # fmt: skip
