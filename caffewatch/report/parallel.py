"""Many logs at once, and their results in the order of the names, in bounded memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver, resource_tracker
from typing import Any, Protocol

from caffewatch.report.judging import Form, Judged, judge

AHEAD = 4
"""Logs for each worker that are handed out before their results are asked for."""
_LOOK = 0.1
_GRACE = 10.0
"""Seconds between two looks at whether to stop, and for the workers to stop in."""


class Future(Protocol):
    """A result to come, of a process pool's or a cluster's."""

    def result(self, timeout: float | None = None) -> Any:
        """Return the result; raise TimeoutError where it is not there in time."""
        ...


class Workers(Protocol):
    """What judges logs somewhere else."""

    width: int
    """How many logs it judges at once."""

    def submit(self, name: str, form: Form) -> Future:
        """Hand out a log, to be judged by `judge`."""
        ...

    def stop(self) -> None:
        """Ask for what can be told by now, and for nothing more."""
        ...

    def abandon(self) -> None:
        """Wait for nothing any more."""
        ...


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


class Pool:
    """Processes of this machine, to be used as a context."""

    def __init__(self, width: int) -> None:
        self.width = width
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["caffewatch.report.judging"])
        _start_server()
        self._stopped = context.Event()
        self._executor = ProcessPoolExecutor(width, context, _begin, (self._stopped,))

    def submit(self, name: str, form: Form) -> Future:
        """Hand out a log."""
        return self._executor.submit(_judge, name, form)

    def stop(self) -> None:
        """Have every worker end the log that it reads where it stands, and begin no other."""
        self._stopped.set()

    def __enter__(self) -> Pool:
        return self

    def abandon(self) -> None:
        """End the workers, whatever they do."""
        for process in multiprocessing.active_children():
            process.kill()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.abandon()
        self._executor.shutdown(cancel_futures=True)


def in_order(
    names: Iterable[str], form: Form, workers: Workers, asked: Callable[[], bool]
) -> Iterator[Judged]:
    """Judge logs, and yield the results in the order of their names.

    Parameters
    ----------
    asked
        Tells whether to stop: then come the results so far, those of half-read logs among them.
    """
    left = iter(names)
    waiting: deque[tuple[str, Future]] = deque()
    stopped_at: float | None = None
    while True:
        while stopped_at is None and len(waiting) < AHEAD * workers.width:
            name = next(left, None)
            if name is None:
                break
            waiting.append((name, workers.submit(name, form)))
        if not waiting:
            return
        if asked() and stopped_at is None:
            stopped_at = time.monotonic()
            workers.stop()
        name, future = waiting[0]
        try:
            done = _result(name, future)
        except TimeoutError:
            if stopped_at is not None and time.monotonic() - stopped_at > _GRACE:
                workers.abandon()  # one hangs, in a file system maybe
                return
            continue
        waiting.popleft()
        if done is not None:
            yield done


def _result(name: str, future: Future) -> Judged | None:
    try:
        done: Judged | None = future.result(timeout=_LOOK)
    except TimeoutError:
        raise
    except BrokenProcessPool:
        return Judged(name, whole=False, told=["the process that read it was killed"])
    return done


def _start_server() -> None:
    """Start what forks the workers with SIGINT blocked: Ctrl-C is this process's to answer.

    A terminal sends it to all of them, and a worker that has hardly begun would die of it.
    """
    resource_tracker.ensure_running()  # first: it unblocks what it finds blocked
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    forkserver.ensure_running()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


_stopped: Callable[[], bool] | None = None


def _begin(stopped: Any) -> None:
    global _stopped  # noqa: PLW0603 - how a pool's initializer hands things to its tasks
    _stopped = stopped.is_set


def _judge(name: str, form: Form) -> Judged | None:
    return judge(name, form, _stopped)
