"""A sign of life for a dead man's switch: somebody else tells people when it stays away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from caffewatch.deliver.http import HttpClient, Request
from caffewatch.deliver.outcome import Delivered
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.transport import Transport

INTERVAL = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class HeartbeatSettings(Transport):
    """Where to, how, and how often (seconds)."""

    url: Secret
    interval: float = INTERVAL
    method: Literal["GET", "POST"] = "GET"


class Heartbeat:
    """Calls the switch from a thread of its own, as long as there is a sign of life to give.

    Parameters
    ----------
    alive
        Tells whether the work goes on; from another thread.
    clock
        Wall time in seconds since the epoch.

    Attributes
    ----------
    failures
        Calls that the switch did not take.
    """

    def __init__(
        self, settings: HeartbeatSettings, alive: Callable[[], bool], clock: Callable[[], float]
    ) -> None:
        self.failures = 0
        self._settings = settings
        self._request = Request(settings.url, {}, b"", method=settings.method)
        self._alive = alive
        self._clock = clock
        self._client = HttpClient(settings)
        self._trouble = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin, with a first call at once."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End; a call on its way gets so many seconds."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def beat(self) -> None:
        """Call the switch once, or keep silent where the work has stopped."""
        trouble = "withheld: the processing loop stands still"
        if self._alive():
            outcome = self._client.send(self._request, self._clock())
            trouble = "" if isinstance(outcome, Delivered) else outcome.reason
            self.failures += bool(trouble)
        if trouble != self._trouble:
            _log.log(*(_described(trouble)))
        self._trouble = trouble

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.beat()
            except Exception as error:
                self.failures += 1
                _log.error("heartbeat: internal error (%s)", type(error).__name__)
            self._stopping.wait(self._settings.interval)
        self._client.close()


def _described(trouble: str) -> tuple[int, str, str]:
    if trouble:
        return logging.ERROR, "heartbeat: %s", trouble
    return logging.INFO, "heartbeat: %s", "well again"
