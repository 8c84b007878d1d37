"""A thread for every receiver, so that a slow one delays no other."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import Protocol

from caffewatch.deliver.level import Current, LevelReceiver, LevelWorker
from caffewatch.deliver.outbox import Outbox
from caffewatch.deliver.receiver import Receiver
from caffewatch.deliver.stats import DeliveryStats, add
from caffewatch.deliver.worker import MAX_AGE, Worker

LONGEST_SLEEP = 30.0
"""Seconds after which a worker looks by itself: a nudge saves time, it is not relied upon."""

SETTLING = 0.5
"""Seconds for those that hung, and were cut short, to write down what came of it."""


class Dispatcher:
    """Delivers what an outbox holds until it is stopped.

    Parameters
    ----------
    receivers
        One worker thread is made for each; for those that are level-triggered, one for each of
        their servers.
    outbox
        Shared by all workers.
    current
        What level-triggered receivers are told.
    clock
        The time of day, in seconds since the epoch.
    steady
        The same without the steps that clocks make: that by which letters wait.
    max_age
        Seconds after which a notification that still fails goes to the dead letters.
    jitter
        Numbers in [0, 1).
    """

    def __init__(
        self,
        receivers: Iterable[Receiver],
        outbox: Outbox,
        current: Current = lambda receiver, since: (),
        clock: Callable[[], float] = time.time,
        max_age: float = MAX_AGE,
        jitter: Callable[[], float] = random.random,
        steady: Callable[[], float] | None = None,
    ) -> None:
        def loops(receiver: Receiver) -> Iterator[_Loop]:
            if isinstance(receiver, LevelReceiver):
                for lane in receiver.lanes:
                    worker = LevelWorker(receiver.name, lane, current, clock, jitter)
                    yield _Loop(worker, clock)
            else:
                due = steady or clock
                yield _Loop(Worker(receiver, outbox, due, jitter, max_age, clock), due)

        self._loops = [loop for receiver in receivers for loop in loops(receiver)]

    def start(self) -> None:
        """Start the workers; what already waits in the outbox is tried at once."""
        for loop in self._loops:
            loop.start()

    def nudge(self) -> None:
        """Say that the outbox has something new; cheap, from any thread, never blocks."""
        for loop in self._loops:
            loop.nudge()

    def stop(self, timeout: float) -> bool:
        """End the workers, letting a message that is on its way arrive.

        Returns
        -------
        bool
            False where a receiver did not answer within ``timeout`` seconds, nor when it was
            closed then; its thread is left to end by itself, and its message stays in the outbox.
        """
        for loop in self._loops:
            loop.ask_to_stop()
        end = time.monotonic() + timeout
        for loop in self._loops:
            if loop.is_alive():
                loop.join(max(0.0, end - time.monotonic()))
        hanging = [loop for loop in self._loops if loop.is_alive()]
        for loop in hanging:
            loop.worker.close()
        end = time.monotonic() + SETTLING
        for loop in hanging:
            loop.join(max(0.0, end - time.monotonic()))
        return not any(loop.is_alive() for loop in self._loops)

    def stats(self) -> tuple[DeliveryStats, ...]:
        """Give every receiver's counts, in the order of the receivers; from any thread."""
        found: dict[str, list[DeliveryStats]] = {}
        for loop in self._loops:
            found.setdefault(loop.worker.stats.receiver, []).append(loop.worker.stats)
        return tuple(reduce(add, stats) for stats in found.values())


class _Worker(Protocol):
    name: str
    stats: DeliveryStats

    def step(self, now: float) -> float | None: ...

    def close(self) -> None: ...


class _Loop(threading.Thread):
    def __init__(self, worker: _Worker, clock: Callable[[], float]) -> None:
        super().__init__(name=f"deliver-{worker.name}", daemon=True)
        self.worker = worker
        self._clock = clock
        self._condition = threading.Condition()
        self._nudged = False
        self._stopping = False

    def run(self) -> None:
        while not self._stopping:
            wake = self.worker.step(self._clock())
            self._sleep_until(wake)
        self.worker.close()

    def nudge(self) -> None:
        with self._condition:
            self._nudged = True
            self._condition.notify()

    def ask_to_stop(self) -> None:
        with self._condition:
            self._stopping = True
            self._condition.notify()

    def _sleep_until(self, wake: float | None) -> None:
        seconds = LONGEST_SLEEP if wake is None else min(wake - self._clock(), LONGEST_SLEEP)
        with self._condition:
            self._condition.wait_for(lambda: self._nudged or self._stopping, max(seconds, 0.0))
            self._nudged = False
