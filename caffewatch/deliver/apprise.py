"""The hundred services that Apprise knows, by one URL: PagerDuty, Teams, Telegram and so on.

https://appriseit.com/services/ lists them. An extra: ``pip install 'caffewatch[apprise]'``.
"""

from __future__ import annotations

import importlib
import logging
import re
import threading
from dataclasses import dataclass
from typing import Any, ClassVar

from caffewatch.alert.notification import Notification
from caffewatch.deliver.http import silence_libraries
from caffewatch.deliver.outcome import Delivered, Outcome, Retry
from caffewatch.deliver.receiver import ReceiverSettings
from caffewatch.deliver.secret import Secret, redact
from caffewatch.deliver.site import Site
from caffewatch.deliver.text import defused, one_line, printable
from caffewatch.deliver.view import AlertView, view
from caffewatch.deliver.wording import Wording, write

TOTAL_TIMEOUT = 60.0

_TEXT_LIMIT = 30_000
_REASON_LIMIT = 200
_KINDS = {"critical": "failure", "warning": "warning", "info": "info"}


@dataclass(frozen=True, kw_only=True)
class AppriseSettings(ReceiverSettings, Wording):
    """A service, by its URL, which holds all its keys."""

    type: ClassVar[str] = "apprise"
    url: Secret


class AppriseReceiver:
    """Sends to one configured service."""

    min_interval = 1.0

    def __init__(
        self, settings: AppriseSettings, site: Site, *, total_timeout: float = TOTAL_TIMEOUT
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._site = site
        self._total_timeout = total_timeout
        self._service = service(settings.url)
        self._thread: threading.Thread | None = None

    def send(self, notification: Notification, now: float) -> Outcome:
        """Send one notification once.

        Apprise says whether it was taken, but not whether it ever will be, so that a failure is
        tried again until it is too old.
        """
        if self._thread is not None and self._thread.is_alive():
            return Retry("the try before is still under way")
        outcomes: list[Outcome] = []
        # Apprise knows no limit on a whole exchange.
        self._thread = threading.Thread(
            target=lambda: outcomes.append(self._notify(notification)),
            name=f"apprise-{self.name}",
            daemon=True,
        )
        self._thread.start()
        self._thread.join(self._total_timeout)
        if self._thread.is_alive():
            return Retry(f"no complete answer within {self._total_timeout:g} s")
        return outcomes[0] if outcomes else Retry("internal error")

    def close(self) -> None:
        """Do nothing: every message has its connection."""

    def _notify(self, notification: Notification) -> Outcome:
        shown = view(notification, self._site, defused)
        title, text = write(self._settings, shown)
        links = "".join(f"\n{name}: {url}" for name, url in shown.worst.links)
        apprise = importlib.import_module("apprise")
        with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as log:
            taken = self._service.notify(
                title=title,
                body=printable(f"{text}\n{links}", _TEXT_LIMIT).strip(),
                notify_type=kind(shown.worst),
                body_format="text",
            )
            said = log.getvalue().strip().splitlines()
        if taken:
            return Delivered()
        reason = redact(said[-1] if said else "", _parts(self._settings.url))
        return Retry(f"the service did not take it: {one_line(reason, _REASON_LIMIT)}".rstrip(": "))


def service(url: Secret) -> Any:
    """Make Apprise's object for a service.

    Raises
    ------
    ValueError
        Apprise is not installed, or knows no such service.
    """
    try:
        apprise = importlib.import_module("apprise")
    except ImportError as error:
        raise ValueError(
            "expected Apprise to be installed: pip install 'caffewatch[apprise]'"
        ) from error
    # What it logs may hold keys; the reason of a failure is told in our own log.
    logging.getLogger("apprise").propagate = False
    silence_libraries()
    made = apprise.Apprise(
        asset=apprise.AppriseAsset(app_id="caffewatch", app_desc="caffewatch", async_mode=False)
    )
    if not made.add(url.reveal()):
        raise ValueError("expected a URL that Apprise knows (the value is not shown)")
    return made


def kind(alert: AlertView) -> str:
    """Say how bad it is, in Apprise's words."""
    return "success" if alert.state == "resolved" else _KINDS[alert.severity]


def _parts(url: Secret) -> list[str]:
    """Return a URL and the words of it that may be keys."""
    whole = url.reveal()
    return [whole, *(part for part in re.split(r"[/:@?&=]+", whole) if len(part) >= 6)]
