"""The daemon's pieces without threads, sockets or a clock."""

from __future__ import annotations

from pathlib import Path

from caffewatch.alert.model import Alert, Origin
from caffewatch.config.settings import Job, Settings, Tail
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.webhook import WebhookSettings
from caffewatch.detect.settings import RuleSettings
from caffewatch.service.core import load
from caffewatch.service.followed import FollowedLog
from caffewatch.tail.follower import LogFollower
from caffewatch.tail.position import Position

NOW = 1_795_500_000.0
HOOK = WebhookSettings(name="hook", url=Secret("http://127.0.0.1:9/"))


def job(path: Path, name: str = "mnist") -> Job:
    """Make a job that tells the hook."""
    return Job(name, str(path), RuleSettings(), ("hook",))


def settings(folder: Path, *jobs: Job) -> Settings:
    """Make the settings of a daemon that polls, with its state in the folder."""
    return Settings("gpu-07", jobs, (HOOK,), folder / "state", tail=Tail(events=False))


class Followed:
    """A followed log, looked at by hand; `restart` goes on as a new process would.

    Attributes
    ----------
    told
        (rule, layer, state) of every edge so far.
    firing
        What the store would hold: fingerprint -> when it began to fire.
    """

    def __init__(self, path: Path, ignore_older: float = 1e12) -> None:
        self.path = path
        self.now = NOW
        self.alerts: list[Alert] = []
        self._ignore_older = ignore_older
        self._core: bytes | None = None
        self.log = self._open(None)

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """Return what people were told, in order."""
        return [(x.rule, x.labels.get("layer", ""), x.state) for x in self.alerts]

    def look(self, after: float = 1.0) -> list[Alert]:
        """Look until there is no more; return the new edges."""
        self.now += after
        before, more = len(self.alerts), True
        while more:
            taken = self.log.look(self.now)
            self.alerts += taken.alerts
            more = taken.more
        return self.alerts[before:]

    def keep_core(self) -> None:
        """Save what the monitors know, for the restarts to come."""
        self._core = self.log.core() or self._core

    def restart(self) -> None:
        """Begin again with what was saved."""
        text = self.log.position()
        self.log.follower.close()
        self.log = self._open(Position.from_json(text))

    @property
    def lines(self) -> int:
        """Lines counted as taken in for the first time."""
        return self.log.stats().lines

    @property
    def iteration(self) -> int | None:
        """The iteration that the page would show."""
        shown = self.log.snapshot(blobs=False)
        return None if shown is None or shown.run is None else shown.run.iteration

    def _open(self, saved: Position | None) -> FollowedLog:
        ended = {x.fingerprint for x in self.alerts if x.state == "resolved"}
        recalled = [x for x in self.alerts if x.fingerprint not in ended]
        return FollowedLog(
            job(self.path),
            LogFollower(str(self.path), saved, rewind=True),
            Origin("gpu-07", "mnist", str(self.path), {}),
            recalled,
            None,
            self._ignore_older,
            saved is None,
            recall=lambda: None if self._core is None else load(self._core, ""),
        )
