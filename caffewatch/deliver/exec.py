"""A program of the user's that is given the webhook's JSON on its standard input."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from caffewatch.alert.notification import Notification
from caffewatch.deliver.outcome import Delivered, Outcome, Rejected, Retry
from caffewatch.deliver.payload import payload
from caffewatch.deliver.program import Ended, run
from caffewatch.deliver.receiver import ReceiverSettings
from caffewatch.deliver.site import Site
from caffewatch.deliver.text import one_line

TIME_LIMIT = 10.0

_REASON_LIMIT = 200
_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""Of our environment: the rest may hold secrets of other receivers."""


@dataclass(frozen=True, kw_only=True)
class ExecSettings(ReceiverSettings):
    """A program and its arguments, and how long it may take (seconds)."""

    type: ClassVar[str] = "exec"
    command: tuple[str, ...]
    timeout: float = TIME_LIMIT


class ExecReceiver:
    """Runs one configured program."""

    min_interval = 0.0

    def __init__(self, settings: ExecSettings, site: Site) -> None:
        self.name = settings.name
        self._settings = settings
        self._site = site
        self._stopping = threading.Event()

    def send(self, notification: Notification, now: float) -> Outcome:
        """Run the program once, for one notification."""
        given = json.dumps(payload(notification, self._site), ensure_ascii=False).encode()
        try:
            ended = run(
                self._settings.command,
                given,
                self._settings.timeout,
                environment(notification),
                self._stopping.is_set,
            )
        except OSError as error:
            return Retry(f"{self._settings.command[0]} cannot be run: {error.strerror}")
        if ended.code is None and self._stopping.is_set():
            return Retry("caffewatch ends, killed")
        return classify(ended, self._settings.timeout)

    def close(self) -> None:
        """End a program that runs, from another thread: nobody else knows of it."""
        self._stopping.set()


def environment(notification: Notification) -> Mapping[str, str]:
    """Make the program's environment; its id tells a second try from a second notification."""
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed_on, "CAFFEWATCH_NOTIFICATION_ID": notification.id}


def classify(ended: Ended, seconds: float) -> Outcome:
    """Say what an end means.

    0 is delivered; 75 (EX_TEMPFAIL), a signal and the time limit are worth another try; any other
    code is final.
    """
    if ended.code == 0:
        return Delivered()
    if ended.code is None:
        return Retry(f"still running after {seconds:g} s, killed")
    told = one_line(ended.output.decode("utf-8", "replace"), _REASON_LIMIT)
    if ended.code < 0:
        return Retry(f"ended by signal {-ended.code}: {told}".rstrip(": "))
    reason = f"exit code {ended.code}: {told}".rstrip(": ")
    return Retry(reason) if ended.code == os.EX_TEMPFAIL else Rejected(reason)
