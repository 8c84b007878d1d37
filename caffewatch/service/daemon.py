"""The daemon: everything wired together, from settings to a running service."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

from caffewatch.alert.model import Alert
from caffewatch.config.settings import Settings
from caffewatch.deliver.dispatcher import Dispatcher
from caffewatch.deliver.heartbeat import Heartbeat
from caffewatch.deliver.registry import make_receiver
from caffewatch.detect.registry import RULES
from caffewatch.export.collector import Collector, CollectorSettings
from caffewatch.export.exposition import exposition
from caffewatch.export.stats import DelayHistogram, ServiceStats, merge
from caffewatch.service.clock import Steady
from caffewatch.service.loop import Loop
from caffewatch.service.mail import Mailroom
from caffewatch.service.past import Pasts
from caffewatch.service.published import Published
from caffewatch.service.roster import Roster
from caffewatch.service.status import status_line
from caffewatch.store.store import Store
from caffewatch.tail.wakeups import Wakeups
from caffewatch.version import VERSION
from caffewatch.web.routes import Routes
from caffewatch.web.server import Server
from caffewatch.web.sight import Past, Sight, Watched
from caffewatch.web.tls import TlsFiles

STUCK = 60.0
"""Seconds without a round of the loop after which /healthz says so."""
STOP_PATIENCE = 1.0
"""Seconds that a message on its way gets to arrive when the daemon ends; it is sent again else."""
CATCH_UP = 2.0
"""Seconds that a start may take to re-read the runs; what is left is re-read while serving."""

_log = logging.getLogger(__name__)


class Daemon:
    """Follow, detect, serve and notify as the settings say.

    Parameters
    ----------
    clock
        The time of day, for people.
    steady
        What all waiting and all silence is measured by; this process's own time by default.

    Making one opens the state and the port; `start` begins to serve, `run` goes on until `stop`
    and may be called again, `close` ends all.

    Raises
    ------
    StoreError
        The state cannot be opened, or another daemon owns it.
    OSError
        The address is taken.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] | None = None,
        reload_ok: bool = True,
    ) -> None:
        self.settings = settings
        self.reload_ok = reload_ok
        self._clock = clock
        self._steady = Steady(clock()) if steady is None else steady
        self._store = Store(settings.state_dir)
        try:
            self._published = Published(settings.metrics.blobs)
            self._pasts = Pasts(self._wake_loop)
            receivers = [make_receiver(x, settings.site) for x in settings.receivers]
            self._mailroom = Mailroom(settings)
            self._dispatcher = Dispatcher(
                receivers, self._store.outbox, self._current, clock, steady=self._steady
            )
            self._wakeups = Wakeups(self._wake) if settings.tail.events else None
            self._roster = Roster(settings, self._store, self._wakeups)
            self._loop = Loop(
                self._roster,
                self._store,
                self._mailroom,
                self._published,
                self._pasts,
                self._dispatcher.nudge,
                settings.tail.poll_interval,
            )
            self._heartbeat = None
            if settings.heartbeat is not None:
                self._heartbeat = Heartbeat(
                    settings.heartbeat, lambda: self._health() is None, clock
                )
            self._ready = threading.Event()
            self._server = self._make_server()
        except BaseException:
            self._store.close()
            raise

    @property
    def url(self) -> str:
        """Where /metrics and the other pages are."""
        return self._server.url

    def start(self) -> None:
        """Take up what an earlier process left, and begin to serve and to deliver."""
        if self._wakeups is not None:
            self._wakeups.start()
        self._catch_up()
        self._dispatcher.start()
        self._server.start()
        if self._heartbeat is not None:
            self._heartbeat.start()
        self._ready.set()
        _log.info("caffewatch %s listening on %s", VERSION, self.url)
        for job in self._roster.absent():
            _log.warning("job %s: no log at %s as yet", job.name, job.path)
        for name, count in self._store.outbox.waiting().items():
            if name not in self._mailroom.receivers:
                _log.warning("receiver %s is not configured, alerts wait for it: %d", name, count)

    def run(self, after_round: Callable[[], None] = lambda: None) -> None:
        """Follow the logs until `stop`; ``after_round`` is called as long as that goes on."""
        self._loop.run(self._clock, self._steady, after_round)

    def stop(self) -> None:
        """Ask `start` and `run` to return; from any thread or signal handler."""
        self._loop.stop()

    def resume(self) -> None:
        """Take back an earlier `stop`, so that `run` may be called again."""
        self._loop.resume()

    def close(self) -> None:
        """End everything that was begun."""
        self._server.close()
        if self._heartbeat is not None:
            self._heartbeat.stop(timeout=STOP_PATIENCE)
        if self._wakeups is not None:
            self._wakeups.stop()
        self._dispatcher.stop(timeout=STOP_PATIENCE)
        self._loop.close()
        self._store.close()

    def status(self) -> str:
        """Say in a line how things stand; from the thread that starts and runs the daemon."""
        snapshots = self._published.snapshots()
        firing: Counter[str] = Counter()
        for snapshot in snapshots:
            for (_, severity), number in snapshot.firing.items():
                firing[severity] += number
        firing.update(x.severity for _, alerts in self._roster.absence.firing for x in alerts)
        return status_line(
            len(self.settings.jobs), len(snapshots), firing.elements(), self.reload_ok
        )

    def stats(self) -> ServiceStats:
        """Return the daemon's own figures."""
        deliveries = self._dispatcher.stats()
        errors = {
            **self._loop.errors,
            "store": self._loop.errors["store"] + self._store.errors,
            "deliver": sum(x.errors for x in deliveries),
        }
        errors["heartbeat"] = 0 if self._heartbeat is None else self._heartbeat.failures
        return ServiceStats(
            logs=tuple(x.stats for x in self._published.pictures()),
            jobs=self._published.jobs,
            errors=errors,
            notifications={
                (x.receiver, outcome): n for x in deliveries for outcome, n in x.outcomes.items()
            },
            queue_lengths={x.receiver: x.queue_length for x in deliveries},
            delays=merge(DelayHistogram(x.delays, x.delay_sum) for x in deliveries),
            last_reload_successful=self.reload_ok,
            retired=self._retired(),
        )

    def _make_server(self) -> Server:
        shown = tuple((id, s) for id, rule in RULES.items() for s in rule.severities)
        metrics = self.settings.metrics
        collector = Collector(
            self._published.snapshots,
            self.stats,
            CollectorSettings(
                VERSION, shown, metrics.blobs, metrics.max_series_per_log, self.settings.timezone
            ),
        )
        routes = Routes(
            VERSION, exposition(collector), self._health, self._readiness, self._sight()
        )
        listen, tls = self.settings.web.listen, self.settings.web.tls
        files = tls if tls is None else TlsFiles(tls.cert_file, tls.key_file, tls.client_ca_file)
        return Server(listen.host, listen.port, routes, tls=files)

    def _sight(self) -> Sight:
        return Sight(
            jobs=tuple(job.name for job in self.settings.jobs),
            logs=self._watched,
            alerts=self._firing,
            past=self._past,
        )

    def _watched(self) -> list[Watched]:
        return [
            Watched(x.stats.job, x.stats.log, x.snapshot, x.last_active)
            for x in self._published.pictures()
        ]

    def _firing(self) -> list[Alert]:
        """Return what people were told of the jobs that are configured, and that fires."""
        jobs = {job.name for job in self.settings.jobs}
        mine = [x for x in self._store.firing() if x.labels["host"] == self.settings.host]
        return [x for x in mine if x.labels["training_job"] in jobs]

    def _past(self, job: str, log: str) -> Past | None:
        shown = self._published.snapshot(job, log)
        return self._pasts.get((job, log), shown.version if shown else None)

    def _wake_loop(self) -> None:
        self._loop.nudge()

    def _catch_up(self) -> None:
        """Re-read what was read before, so that its alerts are in the first scrape."""
        end = self._steady() + CATCH_UP
        while self._loop.step(self._clock(), (), self._steady()) == 0.0 and self._steady() < end:
            if self._loop.stopping:
                break
        self._loop.publish(self._steady())

    def _current(self, receiver: str, since: float) -> list[Alert]:
        """Say what fires or has ended since, for a receiver that is told of it all the time."""
        return [x for x in self._store.current(since) if self._mailroom.concerns(receiver, x)]

    def _wake(self, path: str) -> None:
        self._loop.wake(path)

    def _health(self) -> str | None:
        late = self._steady() - self._loop.beat
        return None if late < STUCK else f"no round of the processing loop for {late:.0f} s"

    def _readiness(self) -> str | None:
        return None if self._ready.is_set() else "starting"

    def _retired(self) -> frozenset[tuple[str, str]]:
        after, steady = self.settings.metrics.retire_after, self._steady()
        return frozenset(
            (x.stats.job, x.stats.log)
            for x in self._published.pictures()
            if x.last_active is not None and steady - x.active_at > after
        )
