"""A stage for hazards: the real daemon on one side, what happens to its files on the other."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM, Signals
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.deliver.web_server import WebServer
from tests.hazards.writer import Training
from tests.patience import PATIENCE
from tests.service.process import DaemonProcess, sent

Edge = tuple[str, str]
NAN = ("non_finite", "firing")
NAN_ENDED = ("non_finite", "resolved")
LAST = b"I1123 08:00:00.000000 12345 data_layer.cpp:73] Restarting data prefetching from start.\n"
"""A line that tells of nothing wrong, and that begins no run."""


class Hazard:
    """A job on a folder of logs, its daemon, and the figures that must come out.

    Attributes
    ----------
    folder, log
        Where logs lie, and the one that the job follows unless it is told otherwise.
    written
        Lines that the daemon must have taken in, each once, over all its processes.
    """

    def __init__(self, folder: Path, hook: WebServer, tail: dict[str, Any]) -> None:
        self.folder = folder / "logs"
        self.folder.mkdir()
        self.log = self.folder / "train.log"
        self.hook = hook
        self.written = 0
        self._counted = 0
        self._probe = folder / "probe.log"
        self.daemon = DaemonProcess(folder, hook.url, tail=tail)
        self.tail = tail
        self.configure()
        self.write(self._probe, LAST)

    def configure(self, path: str = "train.log", poll: str | None = None, **job: Any) -> None:
        """Follow another path within the folder; poll at another interval, with events or not."""
        if poll is not None:
            self.daemon.configure(tail=self.tail | {"poll_interval": poll})
        followed = {"name": "mnist", "path": f"logs/{path}"} | job
        self.daemon.configure(jobs=[followed, {"name": "probe", "path": str(self._probe)}])

    def write(self, target: Path | FileIO, data: bytes) -> None:
        """Append to a file, by its name or as a writer that keeps it open."""
        self.written += data.count(b"\n")
        if isinstance(target, FileIO):
            target.write(data)
            return
        with target.open("ab") as file:
            file.write(data)

    def replace(self, target: Path, data: bytes) -> None:
        """Count data as new that is put at a path by renaming a whole file."""
        fresh = target.parent / f".{target.name}.new"
        fresh.write_bytes(data)
        os.replace(fresh, target)

    def start(self) -> None:
        """Begin a daemon process; it serves, and has taken in what there was."""
        self.daemon.start()
        self.caught_up()

    def start_with_nan(self) -> Training:
        """Start on a run, let a nan come and be told; return the run."""
        run = Training()
        self.write(self.log, run.begin())
        self.start()
        self.write(self.log, run.nan())
        self.caught_up()
        self.until(lambda: self.told() == [NAN])
        return run

    def stop(self, number: Signals = SIGTERM) -> None:
        """End the process once it has taken in everything."""
        self.caught_up()
        self._counted += self.lines()
        self.daemon.stop(number)

    def kill(self) -> None:
        """Kill the process once it has taken in everything."""
        self.stop(SIGKILL)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Hold the process still, so that all within the block happens between two looks."""
        self.caught_up()
        self.daemon.send(SIGSTOP)
        os.waitid(os.P_PID, self.daemon.process.pid, os.WSTOPPED)  # its last thread has stopped
        yield
        self.daemon.send(SIGCONT)

    @contextmanager
    def down(self, number: Signals = SIGTERM) -> Iterator[None]:
        """Do what is in the block while no daemon runs."""
        self.stop(number)
        yield
        self.daemon.start()

    def rounds(self) -> None:
        """Wait for two rounds of the loop; with polling, each looks at every log."""
        for _ in range(2):
            self.write(self._probe, LAST)
            self.caught_up()

    @contextmanager
    def killed_after(self, delay: float) -> Iterator[None]:
        """Kill the process after what is in the block, and begin another.

        That is so many seconds later, or sooner: as soon as a message has arrived.

        Nobody can ask a killed process what it had counted: from here on there is only a bound.
        """
        self._counted += self.lines()
        self.hook.arrived.clear()
        yield
        self.hook.arrived.wait(delay)
        self.daemon.stop(SIGKILL)
        self.daemon.start()

    def lines(self) -> int:
        """Return how many lines this process has counted, over all logs."""
        families = text_string_to_metric_families(self.daemon.get("metrics"))
        samples = [x for family in families for x in family.samples]
        return int(sum(x.value for x in samples if x.name == "caffewatch_lines_total"))

    def metric(self, name: str, **labels: str) -> float | None:
        """Scrape one value of the job's first log."""
        return self.daemon.metric(name, training_job="mnist", **labels)

    def caught_up(self) -> None:
        """Wait until exactly the written lines have been counted."""
        deadline = time.monotonic() + PATIENCE
        while (counted := self._counted + self.lines()) != self.written:
            state = f"{counted} lines counted of {self.written}; the daemon:\n{self.daemon.said}"
            assert counted < self.written, state
            assert time.monotonic() < deadline, state
            time.sleep(0.02)

    def expect(self, *edges: Edge, last: Path | None = None) -> None:
        """Assert that all lines were counted once, and that people were told of just these edges.

        Parameters
        ----------
        edges
            (rule, state) of every alert, each as often as it is to be told.
        last
            The log that a last line is written to: once that is counted, nothing else is to come.
        """
        self._finish(edges, last)
        told = self.told()
        assert sorted(told) == sorted(edges), f"told {told}:\n{self.daemon.said}"

    def expect_firing(self, *edges: Edge, last: Path | None = None) -> None:
        """Assert the same where it is left open when the late alert of an old run ends."""
        self._finish(edges, last)
        told = self.told()
        assert sorted(x for x in told if x[1] == "firing") == sorted(edges), self.daemon.said
        assert len(told) <= 2 * len(edges), self.daemon.said

    def expect_told(self, *edges: Edge) -> None:
        """Assert the alerts, that all was read, and that nothing was counted twice after a kill."""
        size = self.log.stat().st_size
        self.until(lambda: self.metric("caffewatch_read_position_bytes") == size)
        before = self.lines()
        self.write(self.log, LAST)
        self.until(lambda: self.lines() == before + 1)
        assert self._counted + self.lines() <= self.written
        self._delivered(len(edges))
        told = self.told()
        assert sorted(told) == sorted(edges), f"told {told}:\n{self.daemon.said}"

    def alerts(self) -> list[dict[str, Any]]:
        """Return all alerts received, repeats included."""
        return sent(self.hook)

    def told(self) -> list[Edge]:
        """Return (rule, state) of the alerts received, one for each message id.

        An id stands for one state of its alerts, and a state of an alert goes by one id.
        """
        by_id: dict[str, list[tuple[str, str, str]]] = {}
        for post in list(self.hook.received):
            alerts = [_edge(x) for x in json.loads(post.body)["alerts"]]
            id = post.headers["webhook-id"]
            assert by_id.setdefault(id, alerts) == alerts, f"{id} stands for two states"
        edges = [edge for alerts in by_id.values() for edge in alerts]
        assert len(edges) == len(set(edges)), f"told twice under different ids: {edges}"
        return [(rule, state) for _, rule, state in edges]

    def _finish(self, edges: tuple[Edge, ...], last: Path | None) -> None:
        self.caught_up()
        self.write(last or self.log, LAST)
        self.caught_up()
        self._delivered(len(edges))
        assert "internal error" not in self.daemon.said

    def _delivered(self, count: int) -> None:
        """Wait until so many edges have arrived and none waits in the outbox."""
        waiting = "caffewatch_notification_queue_length"
        self.until(lambda: len(self.told()) >= count and not self.daemon.metric(waiting))

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that the daemon shows."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"told {self.told()}:\n{self.daemon.said}"
            time.sleep(0.02)


def _edge(alert: dict[str, Any]) -> tuple[str, str, str]:
    return alert["fingerprint"], alert["labels"]["alertname"], alert["status"]
