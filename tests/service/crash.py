"""Logs that grow and rotate by a plan, a daemon that is killed all the time, and what must come."""

from __future__ import annotations

import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from caffewatch.alert.model import SEVERITIES, Origin
from caffewatch.monitor import Monitor
from tests.deliver.web_server import Received, WebServer
from tests.hazards.writer import Training, copytruncate, rotate
from tests.logs import Values
from tests.service.process import DaemonProcess
from tests.tail.harness import append

PATIENCE = 60.0
REFUSALS = 3
"""How often in a row an id may be refused: the daemon's backoff doubles every time."""

Edge = tuple[str, str]


class Learning(Training):
    """A run that learns, so that nothing is wrong with it for as long as it goes on."""

    def display(self, values: Values, loss: float = 2.0) -> None:
        """Write the next display: other data, less loss."""
        step = self.iteration // 10
        data = 0.2 + 0.01 * (step * 7 % 11)
        super().display({"data": data, **values}, 0.1 + 2.0 * 0.998**step + 0.01 * (step * 5 % 7))


class Writer:
    """One log, written by a plan; every piece is kept, to be judged without a daemon.

    Parameters
    ----------
    path
        What the job follows.
    number
        Tells this log's runs from those of others.
    ills
        What befalls its runs, beside health: ``nan``, ``dead``.
    is_linked
        The path is a link, as glog's are.
    """

    def __init__(
        self, path: Path, number: int, chance: random.Random, *ills: str, is_linked: bool = False
    ) -> None:
        self.path = path
        if is_linked:
            path.symlink_to(f"run0.{path.name}")
        self.data = b""
        self._number = number * 1000
        self._chance = chance
        self._ills = ills
        self._rest = b""
        self._is_well = True
        self._old: tuple[Path, Learning] | None = None
        self._files = 0
        self._begin()

    @property
    def size(self) -> int:
        """Bytes of the file behind the path."""
        return self.path.stat().st_size if self.path.exists() else 0

    def grow(self) -> None:
        """Write some displays, or the rest of those begun before; often to the middle of a line."""
        if self._rest:
            self.finish_line()
            return
        ill = self._chance.choice(["", "", "", *self._ills])
        if ill == "nan":
            piece = self._run.nan()
        elif ill == "dead":
            piece = self._run.dead()
        else:
            piece = self._run.on(self._chance.choice([1, 2, 30, 150]))
        self._is_well = self._is_well and not ill
        cut = self._chance.randrange(len(piece)) if self._chance.random() < 0.4 else len(piece)
        self._write(piece[:cut])
        self._rest = piece[cut:]

    def finish_line(self) -> None:
        """Write what is left of the displays begun."""
        self._write(self._rest)
        self._rest = b""

    def next_run(self) -> None:
        """End the run, and begin another one in the same file."""
        self.finish_line()
        if self._chance.random() < 0.5:
            self._write(self._run.done())
        self._begin()

    def rename(self) -> None:
        """Rotate by renaming, with create or without; perhaps between two runs."""
        self.finish_line()
        if self.path.exists():
            rotate(self.path, create=self._chance.random() < 0.5)
        if self._chance.random() < 0.3:
            self._begin()

    def copytruncate(self) -> None:
        """Rotate by copying."""
        self.finish_line()
        if self.path.exists():
            self._files += 1
            copytruncate(self.path, f"{self.path.name}-{20260000 + self._files}")

    def recreate(self) -> None:
        """Delete the file, of which all was read, and begin a run in a new one."""
        self.path.unlink(missing_ok=True)
        self._begin()

    def swap(self) -> None:
        """Let the link lead to a new file with a new run; the old one goes on for a while."""
        self._old = (self.path.resolve(), self._run) if self._is_well else None
        self._files += 1
        fresh = self.path.with_name(f"{self.path.name}.link")
        fresh.symlink_to(f"run{self._files}.{self.path.name}")
        fresh.replace(self.path)
        self._begin()

    def write_late(self) -> None:
        """Write healthy displays to the file to which the link led before."""
        if self._old is not None:
            path, run = self._old
            append(path, run.on(1))

    def expected(self, origin: Origin) -> set[Edge]:
        """Return (fingerprint, state) of all that people must hear about this log."""
        monitor = Monitor(origin)
        alerts = monitor.feed(self.data, 0.0)
        wanted = [x for x in alerts if SEVERITIES.index(x.severity) > 0]
        edges: set[Edge] = {(x.fingerprint, x.state) for x in wanted}
        assert len(edges) == len(wanted)
        nans = self.data.count(b": nan\n") > 0
        assert nans == any(x.rule == "non_finite" for x in wanted)
        return edges

    def _begin(self) -> None:
        self._number += 1
        self._run, self._is_well = Learning(self._number), True
        self._write(self._run.begin(4))

    def _write(self, data: bytes) -> None:
        if data:
            append(self.path, data)
            self.data += data


class Crash:
    """A daemon over several logs that is killed again and again.

    Parameters
    ----------
    seed
        Decides what is written and when it is killed.
    """

    def __init__(self, folder: Path, hook: WebServer, seed: int) -> None:
        self._chance = random.Random(seed)
        self._answers = random.Random(seed)
        self.hook = hook
        self.accepted: list[Received] = []
        self._refused: Counter[str] = Counter()
        hook.decide = self._decide
        (folder / "logs").mkdir()
        self.writers = [
            Writer(folder / "logs" / f"{name}.log", number, self._chance, *ills, is_linked=linked)
            for number, (name, ills, linked) in enumerate(
                [
                    ("healthy", (), False),
                    ("nan", ("nan",), False),
                    ("recovering", ("dead",), False),
                    ("all", ("nan", "dead"), False),
                    ("link", ("nan",), True),
                ]
            )
        ]
        self.daemon = DaemonProcess(
            folder,
            hook.url,
            tail={"events": True, "poll_interval": "200ms"},
            jobs=[{"name": x.path.stem, "path": str(x.path)} for x in self.writers],
            rules={"stall": {"enabled": False}},  # silence is no part of the plan
        )

    def live(self) -> None:
        """Begin a process, write while it lives, and kill it (or end it, now and then)."""
        self.daemon.launch()
        for _ in range(self._chance.randrange(1, 12)):
            self._act(self._chance.choice(self.writers))
            self.hook.ended.wait(self._chance.uniform(0.0, 0.3))
        assert self.daemon.process.poll() is None, self.daemon.said
        self._assert_sound()
        if self._chance.random() < 0.2:
            self.daemon.stop()
        else:
            self.daemon.end()
        for _ in range(self._chance.randrange(3)):
            writer = self._chance.choice(self.writers)
            self._chance.choice([writer.grow, writer.rename, writer.copytruncate])()

    def settle(self) -> None:
        """Begin a process that lives; wait until it has read and told everything."""
        self.daemon.start()
        self.finish()

    def finish(self) -> None:
        """Write what is left of the last lines; wait until all is read and told."""
        for writer in self.writers:
            writer.finish_line()
            self._await_read(writer)
        _until(lambda: self.daemon.metric("caffewatch_notification_queue_length") == 0)
        self._assert_sound()

    def lines(self) -> int:
        """Return how many lines the process has counted, over all logs."""
        families = text_string_to_metric_families(self.daemon.get("metrics"))
        samples = [x for family in families for x in family.samples]
        return int(sum(x.value for x in samples if x.name == "caffewatch_lines_total"))

    def firing(self, writer: Writer) -> Counter[tuple[str, str]]:
        """Return (rule, severity) of what the process shows as firing in a log."""
        families = text_string_to_metric_families(self.daemon.get("metrics"))
        samples = [x for family in families for x in family.samples]
        found = [x for x in samples if x.name == "caffewatch_alerts"]
        return Counter(
            {
                (x.labels["rule"], x.labels["severity"]): int(x.value)
                for x in found
                if x.value and x.labels["training_job"] == writer.path.stem
            }
        )

    def expected(self) -> set[Edge]:
        """Return (fingerprint, state) of all that people must hear."""
        origins = [Origin("gpu-07", x.path.stem, str(x.path), {}) for x in self.writers]
        return {
            edge
            for writer, origin in zip(self.writers, origins, strict=True)
            for edge in writer.expected(origin)
        }

    def told(self) -> dict[Edge, set[str]]:
        """Return the ids under which each edge was accepted."""
        return _ids(self.accepted)

    def tried(self) -> dict[Edge, set[str]]:
        """Return the ids under which each edge was sent, accepted or not."""
        return _ids(list(self.hook.received))

    def _act(self, writer: Writer) -> None:
        safe = [writer.grow] * 6 + [writer.next_run, writer.rename, writer.copytruncate]
        action = self._chance.choice([*safe, writer.recreate, writer.swap, writer.write_late])
        if action in (writer.swap, writer.recreate):
            # Lines that nobody has seen are lost with their file, or with the link to it.
            if (action == writer.swap) != writer.path.is_symlink():
                return
            self.daemon.await_serving(PATIENCE)
            writer.finish_line()
            self._await_read(writer)
        action()

    def _await_read(self, writer: Writer) -> None:
        job = writer.path.stem

        def is_read() -> bool:
            lag = self.daemon.metric("caffewatch_read_lag_bytes", training_job=job)
            read = self.daemon.metric("caffewatch_read_position_bytes", training_job=job)
            return lag == 0 and (read == writer.size or not writer.path.exists())

        _until(is_read)

    def _assert_sound(self) -> None:
        assert "internal error" not in self.daemon.said, self.daemon.said
        assert "Traceback" not in self.daemon.said, self.daemon.said

    def _decide(self, received: Received) -> tuple[float, int | None]:
        """Refuse half, in one way or another."""
        id = received.headers["webhook-id"]
        if self._answers.random() < 0.5 and self._refused[id] < REFUSALS:
            self._refused[id] += 1
            return self._answers.choice([(0.0, 500), (0.0, None), (0.3, 503)])
        self._refused[id] = 0
        self.accepted.append(received)
        return self._answers.choice([(0.0, 200), (0.0, 200), (0.5, 200)])


def _ids(posts: list[Received]) -> dict[Edge, set[str]]:
    ids: dict[Edge, set[str]] = defaultdict(set)
    for post in posts:
        for alert in json.loads(post.body)["alerts"]:
            ids[alert["fingerprint"], alert["status"]].add(post.headers["webhook-id"])
    return ids


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.02)
